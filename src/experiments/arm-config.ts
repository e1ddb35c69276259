import { parseConfig, type RunConfig } from '../config/schema'
import { shortened } from '../config/shortened'
import type { Arm } from './definition'
import type { Scale } from './scale'

/**
 * Returns the configuration of an arm at a noise level.
 *
 * @throws ConfigError if a change is incompatible with the scale's configuration
 */
export function configOfArm(
  { config: change = base => base }: Pick<Arm, 'config'>,
  { base, shorten, n }: Scale,
  { sigma, isAblation }: { readonly sigma: number; readonly isAblation: boolean },
): RunConfig {
  const changed = parseConfig(change(base(sigma, { isAblation })))
  const config = shorten === undefined ? changed : shortened(changed, shorten)
  return n === undefined ? config : parseConfig({ ...config, certification: { ...config.certification, n } })
}
