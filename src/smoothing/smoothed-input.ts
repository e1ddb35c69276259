import {
  type CertificationRunConfig,
  type CertificationRunConfigInput,
  certificationOf,
  parseCertificationConfig,
  parseUnknownConfig,
} from '../config/schema'
import { unsaidNote } from '../files/earlier-format'
import { given } from '../files/given'
import { readSmoothed, type Smoothed } from './smoothed-file'

/** The settings of a smoothed classifier, and further facts about it: all of them if there is a `smoothed.json`. */
export type KnownSmoothed = Pick<Smoothed, 'config'> & Partial<Smoothed>

/**
 * A smoothed classifier: a folder (see `smoothedOfFolder`), its known facts, the settings of a certification, or those of a run with its
 * checkpoint folder as `checkpoint`.
 */
export type SmoothedInput = string | KnownSmoothed | CertificationRunConfigInput

/** Describes facts that files of an earlier version do not state about trained weights; undefined if complete. */
export function unsaidOf({ config, data, hooks }: KnownSmoothed): string | undefined {
  const { checkpoint } = config
  if (checkpoint === undefined) return undefined
  return unsaidNote(checkpoint, [
    ...(data === undefined ? ['on which images it was trained'] : []),
    ...(hooks === undefined ? ['by which functions of a script'] : []),
  ])
}

/**
 * Resolves settings to their known facts.
 *
 * @throws ConfigError for invalid settings
 */
export async function smoothedOfSettings(input: Exclude<SmoothedInput, string>): Promise<KnownSmoothed> {
  return 'config' in input ? input : ofSettings(configOf(input))
}

/** Returns settings of a certification; for a run, those that certify its checkpoint, or without one the off-the-shelf classifier. */
function configOf(input: CertificationRunConfigInput): CertificationRunConfig {
  if (!('optimisation' in input)) return parseCertificationConfig(input)
  const { checkpoint, ...run } = input
  return certificationOf(parseUnknownConfig(run), checkpoint)
}

/** Adds to settings the facts that their checkpoint states. */
async function ofSettings(config: CertificationRunConfig): Promise<KnownSmoothed> {
  const found = config.checkpoint === undefined ? undefined : await readSmoothed(config.checkpoint)
  if (found === undefined) return { config }
  const { classes, data, hooks } = found
  return { config, ...given({ classes, data, hooks }) }
}
