import type { Command } from 'commander'
import { ConfigError } from '../errors'

/** Additions to the help of a command. */
interface CommandHelp {
  /** Heading of its group in the list of commands. */
  readonly group: string
  /** The words after `npx ft-cadis`. */
  readonly examples: readonly string[]
  /** Its page in `docs/`. */
  readonly page: string
}

const [START, TRAIN, CERTIFY, COMPARE, CHECK] = [
  'Start:',
  'Train:',
  'Certify and predict:',
  'Inspect and compare:',
  'Check this package:',
]

const HELP: Readonly<Record<string, CommandHelp>> = {
  setup: {
    group: START,
    examples: ['setup', 'setup --python ~/miniconda3/bin/python', 'setup --with onnx'],
    page: 'install.md',
  },
  doctor: { group: START, examples: ['doctor'], page: 'troubleshooting.md' },
  fetch: { group: START, examples: ['fetch', 'fetch cifar10'], page: 'models-and-data.md' },
  inspect: {
    group: START,
    examples: ['inspect photos', 'inspect photos model.pth --write config.json'],
    page: 'certify-your-own-classifier.md',
  },
  init: { group: START, examples: ['init my-experiment'], page: 'experiments.md' },
  train: {
    group: TRAIN,
    examples: [
      'train --preset digits --sigma 0.75 --output runs/digits --certify',
      'train --preset cifar10 --sigma 0.5 --data cifar10 --dry-run',
      'train --preset table1.macer --scale mnist --sigma 1 --data mnist',
      'train --config run.json --set method.lambda=2 --output runs/b',
    ],
    page: 'training.md',
  },
  sweep: {
    group: TRAIN,
    examples: [
      'sweep --preset digits --sigma 1 --set method.lambda=1,2,4 --plan',
      'sweep --config run.json --set seed=0,1 --set method.lambda=1,2',
    ],
    page: 'training.md',
  },
  'soft-labels': {
    group: TRAIN,
    examples: ['soft-labels runs/gaussian --output soft-labels.json'],
    page: 'training-methods.md',
  },
  export: {
    group: TRAIN,
    examples: ['export runs/imagenet --merge merged', 'export runs/imagenet --onnx graph'],
    page: 'models-and-data.md',
  },
  launch: {
    group: TRAIN,
    examples: ['launch --nproc-per-node 4 -- train --config run.json'],
    page: 'cluster.md',
  },
  certify: {
    group: CERTIFY,
    examples: [
      'certify runs/digits --images every:20 --n 1000',
      'certify runs/digits --shard 1/4',
      'certify --router runs/router --expert runs/a --expert runs/b',
    ],
    page: 'certification.md',
  },
  'certify merge': {
    group: CERTIFY,
    examples: ['certify merge certify.shard-*-of-04.tsv --output certify.tsv'],
    page: 'certification.md',
  },
  predict: {
    group: CERTIFY,
    examples: ['predict runs/digits photo.png', 'predict runs/digits photos/*.png --n 1000'],
    page: 'certification.md',
  },
  serve: {
    group: CERTIFY,
    examples: ['serve runs/digits', 'serve --preset digits --sigma 0.25 --port 8571'],
    page: 'serving.md',
  },
  verify: {
    group: CERTIFY,
    examples: ['verify certify.tsv', 'verify certify.shard-*-of-04.tsv'],
    page: 'verify.md',
  },
  attack: { group: CERTIFY, examples: ['attack runs/digits --images first:10'], page: 'attack.md' },
  runs: { group: COMPARE, examples: ['runs', 'runs experiments --json'], page: 'watching.md' },
  report: { group: COMPARE, examples: ['report runs/digits', 'report runs/a runs/b'], page: 'watching.md' },
  analyze: {
    group: COMPARE,
    examples: [
      'analyze certify.tsv --radii 0,0.25,0.5,0.75',
      'analyze mine=a.tsv theirs=b.tsv --compare mine,theirs',
    ],
    page: 'analysis.md',
  },
  experiment: {
    group: COMPARE,
    examples: ['experiment', 'experiment objective --scale digits'],
    page: 'experiments.md',
  },
  'check-fixtures': {
    group: CHECK,
    examples: ['check-fixtures test/fixtures'],
    page: 'reproducing.md',
  },
}

/** The help for first steps, without a command. */
export const FIRST_STEPS = `First steps:

  npx ft-cadis setup                  create the Python environment, 1.6 GB
  npx ft-cadis doctor                 check it, and list devices and weights
  npx ft-cadis train --preset digits --sigma 0.75 --output runs/digits
                                      fine-tune a small classifier, 20 seconds
  npx ft-cadis certify runs/digits --images every:20 --n 1000
                                      certify some of its test images
  npx ft-cadis report runs/digits     write a page about the run

All commands: npx ft-cadis --help`

/** Adds examples and the page to the help of every command, and groups the commands. */
export function addHelp(program: Command): void {
  for (const { command, name } of commandsOf(program)) {
    const help = HELP[name]
    if (help === undefined) {
      throw new ConfigError(`The command ${name} has no example.`, { remedy: 'Add one to src/cli/help.ts.' })
    }
    command.helpGroup(help.group)
    const lines = help.examples.map(example => `  npx ${program.name()} ${example}`)
    command.addHelpText('after', `\nExamples:\n${lines.join('\n')}\n\nPage: docs/${help.page}`)
  }
}

/** Returns the examples of a command such as `certify merge`, for tests. */
export function examplesOf(name: string): readonly string[] {
  return HELP[name]?.examples ?? []
}

/** Returns commands at every depth, with their full names. */
export function commandsOf(
  parent: Command,
  words = '',
): { readonly command: Command; readonly name: string }[] {
  return parent.commands.flatMap(command => {
    const name = `${words} ${command.name()}`.trim()
    return [{ command, name }, ...commandsOf(command, name)]
  })
}
