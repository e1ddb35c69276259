import { ConfigError } from '../../errors'
import { didYouMean } from '../../files/nearest-name'
import { l1 } from '../beyond/l1'
import { purify } from '../beyond/purify'
import { sound } from '../beyond/sound'
import type { Experiment } from '../definition'
import { router } from '../router'
import { table1 } from '../table1'
import { table1Tuning } from '../table1/tuning'
import { adversarial } from './adversarial'
import { baselines } from './baselines'
import { classifiers } from './classifiers'
import { cost } from './cost'
import { hallucination } from './hallucination'
import { lambda } from './lambda'
import { linf } from './linf'
import { main } from './main'
import { noises } from './noises'
import { objective } from './objective'
import { stability } from './stability'
import { tuning } from './tuning'
import { update } from './update'

/** Every table and figure of the paper that involves fine-tuning. */
export const PAPER_EXPERIMENTS: readonly Experiment[] = [
  main,
  objective,
  update,
  adversarial,
  lambda,
  noises,
  cost,
  classifiers,
  linf,
  hallucination,
  stability,
  baselines,
]

/** By name; `all` means those of the paper, without `table1`, which trains many other systems, and without experiments beyond the paper. */
export const EXPERIMENTS: readonly Experiment[] = [
  ...PAPER_EXPERIMENTS,
  ...[table1, tuning, table1Tuning],
  ...[purify, sound, l1, router],
]

/**
 * Returns experiments by their names, each once.
 *
 * @throws ConfigError for an unknown name
 */
export function findExperiments(names: readonly string[]): Experiment[] {
  const found = names.flatMap(name => {
    if (name === 'all') return PAPER_EXPERIMENTS
    const experiment = EXPERIMENTS.find(one => one.name === name)
    if (experiment !== undefined) return [experiment]
    const known = [...EXPERIMENTS.map(one => one.name), 'all']
    throw new ConfigError(
      `Unknown experiment ${JSON.stringify(name)}, expected ${known.join(', ')}.${didYouMean(name, known)}`,
      { remedy: 'Name one of these.' },
    )
  })
  return [...new Set(found)]
}
