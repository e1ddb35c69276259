import { type Command, Option } from 'commander'
import { addSmoothedOptions, parseImages } from '../certification-options'
import { parseNumber, parseNumbers } from '../option-values'
import { addRouterOptions } from '../routed/options'
import type { AttackCommandOptions } from '../run-attack'

const count = parseNumber({ min: 1, integer: true })

export function addAttackCommand(program: Command): void {
  const command = program
    .command('attack')
    .description(
      'attack certified images: the smallest ℓ2 perturbation found at which CERTIFY returns another class, an upper bound beside the certified radius',
    )
    .argument('[folder]', 'of a run (its newest checkpoint is taken), of a checkpoint, or with smoothed.json')
  addRouterOptions(addSmoothedOptions(command))
    .option(
      '--certificates <log.tsv>',
      'certification log to attack; its n0, n, alpha, seed and arithmetic hold here too, unless given (default: that of the run)',
    )
    .option('--selector <path>', 'of a log of ACES: weights of its selector')
    .option('--core <path>', 'of a log of ACES: weights of its core network')
    .option(
      '--images <choice>',
      'of the images in that log: all, first:N, every:K, one-per-class, or positions such as 3,17,20-40 (default: all)',
      parseImages,
    )
    .option('--starts <count>', 'attacks on an image at each radius (default: 3)', count)
    .option('--steps <count>', 'gradient steps of each (default: 20)', count)
    .option('--noises <count>', 'noisy copies in each step (default: 16)', count)
    .option('--rounds <count>', 'radii that are tried for each image (default: 8)', count)
    .option('--votes <count>', 'noisy copies that tell whether an attack succeeded (default: 400)', count)
    .addOption(
      new Option(
        '--confirm <what>',
        'what has to return another class: certify, or predict, which is nearer where no class has half of the votes (default: certify)',
      ).choices(['certify', 'predict']),
    )
    .option('--radii <list>', 'radii of the table (default: 0,0.25,...)', parseNumbers({ min: 0 }))
    .option(
      '--output <log.tsv>',
      'log; an interrupted one is continued (default: beside the certification log, attack- in its name)',
    )
    .option('--plot <file>', 'chart of both bounds, as .svg or .png (default: both, beside the log)')
    .option('--dry-run', 'check what can be checked without Python, print a plan, attack nothing', false)
    .action(async (folder: string | undefined, options: AttackCommandOptions) => {
      const { runAttack } = require('../run-attack') as typeof import('../run-attack')
      await runAttack(folder, options)
    })
}
