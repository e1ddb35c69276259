import { basename, dirname, join } from 'node:path'
import { ConfigError } from '../errors'
import { exists } from '../files/exists'
import { namesIn } from '../files/names-in'
import type { LoggedRow } from './certification-log'
import { readCertificationLog, requireFormat } from './certification-log-file'
import { type LogMetadata, requireSameConfiguration } from './certification-log-metadata'
import { shardPath } from './shards'

/** Returns the existing log and logs of its shards, of any number. */
export async function logsBeside(log: string): Promise<string[]> {
  const names = await namesIn(dirname(log))
  const shards = names.filter(name => isShardOf(name, basename(log))).sort()
  return [...((await exists(log)) ? [log] : []), ...shards.map(name => join(dirname(log), name))]
}

function isShardOf(name: string, log: string): boolean {
  const [, number, of] = /\.shard-(\d+)-of-(\d+)(\.[^.]*)?$/.exec(name) ?? []
  return number !== undefined && name === shardPath(log, { number: Number(number), of: Number(of) })
}

/**
 * Returns the rows of earlier logs by image, each once. Skips images of shards that are not requested.
 *
 * @throws ConfigError listing the differences if a log has another configuration or format
 * @throws DataError if one is malformed
 */
export async function earlierRows(
  paths: readonly string[],
  { configuration, indices }: Pick<LogMetadata, 'configuration'> & { readonly indices: readonly number[] },
): Promise<ReadonlyMap<number, LoggedRow>> {
  const asked = new Set(indices)
  const rows = new Map<number, LoggedRow>()
  for (const path of paths) {
    const { metadata, rows: logged } = await readCertificationLog(path)
    if (metadata === undefined) {
      throw new ConfigError(`Nothing beside ${path} says how its rows were certified.`, {
        remedy: 'Choose another log file.',
      })
    }
    requireFormat(path, metadata)
    requireSameConfiguration(path, metadata.configuration, configuration)
    const others = logged.filter(({ index }) => !asked.has(index))
    // The log of all images is rewritten with the new rows; those of shards stay.
    if (metadata.share === undefined && others.length > 0) {
      throw new ConfigError(
        `The log ${path} has ${others.length} images that are not to be certified now, the first is ${others[0]?.index}.`,
        { remedy: 'Ask for at least the images that the log has, or choose another log file.' },
      )
    }
    for (const row of logged)
      if (asked.has(row.index) && !rows.has(row.index)) rows.set(row.index, row as LoggedRow)
  }
  return rows
}
