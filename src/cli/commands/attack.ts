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
      'attack certified images: the smallest ℓ2 perturbation found for which CERTIFY returns another class, an upper bound next to the certified radius',
    )
    .argument('[folder]', 'a run (its newest checkpoint), a checkpoint, or a folder with smoothed.json')
  addRouterOptions(addSmoothedOptions(command))
    .option(
      '--certificates <log.tsv>',
      'certification log to attack; its n0, n, alpha, seed and arithmetic are the defaults here (default: that of the run)',
    )
    .option('--selector <path>', 'for a log of ACES: weights of its selector')
    .option('--core <path>', 'for a log of ACES: weights of its core network')
    .option(
      '--images <choice>',
      'images of that log: all, first:N, every:K, one-per-class, or positions such as 3,17,20-40 (default: all)',
      parseImages,
    )
    .option('--starts <count>', 'attacks per image at each radius (default: 3)', count)
    .option('--steps <count>', 'gradient steps per attack (default: 20)', count)
    .option('--noises <count>', 'noisy copies per step (default: 16)', count)
    .option('--rounds <count>', 'radii to try per image (default: 8)', count)
    .option('--votes <count>', 'noisy copies that decide whether an attack succeeded (default: 400)', count)
    .addOption(
      new Option(
        '--confirm <what>',
        'what must return another class: certify, or predict, which is closer if no class has half of the votes (default: certify)',
      ).choices(['certify', 'predict']),
    )
    .option('--radii <list>', 'radii of the table (default: 0,0.25,...)', parseNumbers({ min: 0 }))
    .option(
      '--output <log.tsv>',
      'log; an interrupted one is continued (default: next to the certification log, with the prefix attack-)',
    )
    .option('--plot <file>', 'chart of both bounds, as .svg or .png (default: both, next to the log)')
    .option('--dry-run', 'validate without Python, print a plan, attack nothing', false)
    .action(async (folder: string | undefined, options: AttackCommandOptions) => {
      const { runAttack } = require('../run-attack') as typeof import('../run-attack')
      await runAttack(folder, options)
    })
}
