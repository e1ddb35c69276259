import { type Command, InvalidArgumentError, Option } from 'commander'
import type { Shard } from '../../logs/shards'
import { printLine } from '../../terminal/print'
import { addSmoothedOptions, parseImages } from '../certification-options'
import { parseNumber, parseNumbers } from '../option-values'
import { addRouterOptions } from '../routed/options'
import type { CertifyCommandOptions } from '../run-certification'

export function addCertifyCommand(program: Command): void {
  const command = program
    .command('certify')
    .description('certify test images: a class each, and an ℓ2 radius within which it stays the same')
    .argument('[folder]', 'a run (its newest checkpoint), a checkpoint, or a folder with smoothed.json')
  addRouterOptions(addSmoothedOptions(command))
    .option(
      '--images <choice>',
      'all, first:N, every:K, random:N, over-classes:N, one-per-class, or positions such as 3,17,20-40',
      parseImages,
    )
    .option(
      '--adaptive [radii]',
      'use fewer copies than --n at the same alpha: decide only these radii (without a value: 0, σ/2, σ and so on up to 3.8 σ)',
      parseRadii,
    )
    .addOption(
      new Option(
        '--max-radius-loss <radius>',
        'use fewer copies than --n at the same alpha: as few as this expected loss of radius allows',
      )
        .argParser(parseNumber({ min: 1e-6 }))
        .conflicts('adaptive'),
    )
    .addOption(
      new Option(
        '--at-radius <radius>',
        'decide this one radius, in rounds of increasing copies, each with its share of alpha',
      )
        .argParser(parseNumber({ min: 1e-6 }))
        .conflicts(['adaptive', 'maxRadiusLoss']),
    )
    .addOption(
      new Option(
        '--aces <threshold>',
        'assign noisy copies with a score up to this to the classifier, the others to a core network: the entropy of the classifier as a share of ln K, or the probability of class 0 from --selector',
      )
        .argParser(parseNumber({ min: 0, max: 1 }))
        .conflicts(['adaptive', 'maxRadiusLoss', 'atRadius', 'cascade', 'pixelDp', 'router']),
    )
    .option(
      '--selector <path>',
      'with --aces: a run of the method selector, or weights of a network of two classes, 0 for the core, 1 for the classifier',
    )
    .option('--core <path>', 'with --aces: a run, or weights of a network that sees images without noise')
    .addOption(
      new Option(
        '--cascade <sigmas>',
        'noise levels such as 1,0.5,0.25: the first at which a class has more than half of the votes gives the answer',
      )
        .argParser(parseNumbers({ min: 1e-6 }))
        .conflicts(['adaptive', 'maxRadiusLoss', 'atRadius', 'pixelDp', 'router']),
    )
    .addOption(
      new Option(
        '--pixel-dp',
        'certify the size that follows from differential privacy, from --n copies without a selection',
      ).conflicts(['adaptive', 'maxRadiusLoss', 'atRadius', 'router']),
    )
    .option('--scores', 'with --pixel-dp: bound mean scores (softmax) instead of votes')
    .option(
      '--block <count>',
      'with --adaptive or --max-radius-loss: copies come in multiples of this (default: 16, or a 64th of --batch)',
      parseNumber({ min: 1, integer: true }),
    )
    .option(
      '--worth <multiple>',
      'with --adaptive: value of one more certified radius in copies, as a multiple of --n (default: 5)',
      parseNumber({ min: 1e-6 }),
    )
    .option(
      '--dry-run',
      'time ten passes, print the cost of a fixed n and of adaptive votes, and write nothing',
    )
    .option(
      '--price-per-hour <amount>',
      'with --dry-run: price of the device, to estimate the cost',
      parseNumber({ min: 0 }),
    )
    .option('--output <log.tsv>', 'log; an interrupted one is continued (default: in the folder of the run)')
    .addOption(
      new Option(
        '--json',
        'print only one JSON document on stdout (schema/certification-document.json)',
      ).conflicts('dryRun'),
    )
    .option('--no-sanity', 'skip measuring the classifier on 200 clean test images before a new log')
    .option('--shard <k/K>', 'certify the k-th of K shards of the images, into its own log', parseShard)
    .action(async (folder: string | undefined, options: CertifyCommandOptions) => {
      const { runCertification } = require('../run-certification') as typeof import('../run-certification')
      await runCertification(folder, options)
    })
  command
    .command('merge')
    .description('merge the logs of all shards, if none is missing, duplicate or different')
    .argument('<shards...>', 'logs of the shards')
    .option('--output <log.tsv>', 'merged log to write')
    .action(async (shards: string[], _options: object, merge: Command) => {
      // `certify` has an option of the same name, which consumes it.
      const { output } = merge.optsWithGlobals<{ output?: string }>()
      if (output === undefined) merge.error('error: give --output, the log to write')
      const { mergeShards } = require('../../logs/merge-shards') as typeof import('../../logs/merge-shards')
      const images = await mergeShards(shards, { output })
      printLine(`${images} images of ${shards.length} shards: ${output}`)
    })
}

function parseShard(text: string): Shard {
  const [, number, of] = /^(\d+)\/(\d+)$/.exec(text) ?? []
  const shard = { number: Number(number), of: Number(of) }
  if (shard.number >= 1 && shard.number <= shard.of) return shard
  throw new InvalidArgumentError('Expected for instance 3/16, counted from 1.')
}

function parseRadii(text: string): readonly number[] {
  if (!/\d/.test(text.slice(0, 1))) {
    throw new InvalidArgumentError(
      'Expected radii such as 0,0.5,1; without any, put the folder in front of the option.',
    )
  }
  const radii = parseNumbers({ min: 0 })(text)
  const isAscending = radii.every((radius, position) => position === 0 || radius > (radii[position - 1] ?? 0))
  if (isAscending) return radii
  throw new InvalidArgumentError('Expected radii in ascending order.')
}
