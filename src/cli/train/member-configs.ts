import { join } from 'node:path'
import { trainedBy } from '../../config/methods/trained'
import type { RunConfig } from '../../config/schema'
import { ConfigError } from '../../errors'

/**
 * The runs of an ensemble by seed: each into its own folder, `members/0`, `members/1`, …, with its own seed, from
 * that of the settings on. Without a number of members it is the one run of the settings.
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
