import { join } from 'node:path'
import { trainedBy } from '../../config/methods/trained'
import type { RunConfig } from '../../config/schema'
import { ConfigError } from '../../errors'

/**
 * Returns the runs of an ensemble by seed: each with its own folder, `members/0`, `members/1`, …, and its own seed,
 * counting up from that of the settings. Without a number of members, returns the one run of the settings.
 *
 * @throws ConfigError for members of a method that trains members together
 */
export function memberConfigs(config: RunConfig, members: number | undefined): readonly RunConfig[] {
  if (members === undefined) return [config]
  if (trainedBy(config.method.kind) === 'members') {
    throw new ConfigError(
      `The method ${config.method.kind} trains its members together, got --members ${members}.`,
      { remedy: `Give --set method.members=${members} instead.` },
    )
  }
  return Array.from({ length: members }, (_, place) => ({
    ...config,
    seed: config.seed + place,
    output: join(config.output, 'members', `${place}`),
  }))
}
