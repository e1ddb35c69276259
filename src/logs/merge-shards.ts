import { fieldDifferences, showValue } from '../config/differences'
import { ConfigError, DataError } from '../errors'
import { pathAfresh, refusalOf } from '../files/earlier-format'
import { lock } from '../files/lock'
import { readText } from '../files/read-text'
import { writeDurably } from '../files/write'
import { formatRow, LOG_HEADER, type LoggedRow } from './certification-log'
import {
  type CertificationLog,
  missingImages,
  type NewLogMetadata,
  readCertificationLog,
  writeMetadata,
} from './certification-log-file'
import {
  LOG_FORMAT,
  type LogMetadata,
  readMetadata,
  requireSameStreams,
  streamsOf,
} from './certification-log-metadata'
import { certifyCommand } from './certify-command'
import { formatIndices, imagePlan, parseIndices, planDigest, type Share } from './image-plan'

/** A log whose metadata declare a share of a plan. */
type ShardLog = CertificationLog & {
  readonly metadata: LogMetadata & Required<Pick<LogMetadata, 'plan' | 'share'>>
}

/**
 * Merges the logs of all shards into the log of a single process: rows in the order of the plan, equal byte for byte
 * except for their times.
 *
 * @returns the number of images in the log
 * @throws DataError for shards of different versions of the random streams; or listing problems of the shards: different
 * configurations or plans, missing or duplicate shards or images
 * @throws ConfigError if the log at `output` has rows that the shards lack, or is being written
 */
export async function mergeShards(
  paths: readonly string[],
  { output }: { readonly output: string },
): Promise<number> {
  const shards = requireShards(await Promise.all(paths.map(readCertificationLog)))
  requireOneStreams(shards)
  const problems = [...problemsOfSet(shards), ...shards.flatMap(problemsOfShard)]
  if (problems.length > 0) throw notWhole(problems)
  const plan = wholePlan(shards)
  const rows = new Map(shards.flatMap(shard => shard.rows.map(row => [row.index, row] as const)))
  const lines = plan.map(index => formatRow(rows.get(index) as LoggedRow))
  const [{ metadata }] = shards as [ShardLog, ...ShardLog[]]
  await writeMerged(output, {
    log: [LOG_HEADER, ...lines].map(line => `${line}\n`).join(''),
    metadata: {
      configuration: metadata.configuration,
      plan: imagePlan(plan),
      notes: { shards: shards.map(shard => shard.metadata.notes ?? {}) },
    },
  })
  return plan.length
}

/** Returns the logs ordered by shard number. */
function requireShards(logs: readonly CertificationLog[]): ShardLog[] {
  const others = logs.filter(({ metadata }) => metadata?.plan === undefined || metadata.share === undefined)
  if (others.length > 0 || logs.length === 0) {
    throw notWhole(
      logs.length === 0
        ? ['no logs are given']
        : others.map(
            ({ file }) => `${file} is not a shard: nothing beside it says of which plan it is a share`,
          ),
    )
  }
  requireFormats(logs as ShardLog[])
  return (logs as ShardLog[]).toSorted((a, b) => a.metadata.share.number - b.metadata.share.number)
}

/** Refuses shards of an earlier version, with the command that certifies all of their images again. */
function requireFormats(shards: readonly ShardLog[]): void {
  const earlier = shards.filter(({ metadata }) => metadata.format !== LOG_FORMAT)
  const [first] = earlier
  if (first === undefined) return
  const images = formatIndices(
    shards.flatMap(({ metadata }) => parseIndices(metadata.plan.images)).sort((a, b) => a - b),
  )
  const output = pathAfresh(first.file.replace(/\.shard-\d+-of-\d+/, ''))
  const { message, remedy } = refusalOf({
    what: earlier.map(({ file }) => file).join(', '),
    ...{ format: first.metadata.format, current: LOG_FORMAT, not: 'merged' },
    afresh: shards
      .map(({ metadata }) => certifyCommand(metadata, { output, images, shard: metadata.share }))
      .join('; '),
  })
  throw new DataError(message, { remedy })
}

/**
 * Requires the same version of the random streams.
 *
 * @throws DataError that names the versions of two shards with different rules for deriving noise
 */
function requireOneStreams(shards: readonly ShardLog[]): void {
  const versionOf = ({ metadata }: ShardLog) => streamsOf(metadata.configuration)
  const [first, ...others] = shards as [ShardLog, ...ShardLog[]]
  const other = others.find(shard => versionOf(shard) !== versionOf(first))
  if (other === undefined) return
  const older = versionOf(first) < versionOf(other) ? first : other
  const { number, of } = older.metadata.share
  throw new DataError(
    `${first.file} has noise of random streams of version ${versionOf(first)} and ${other.file} of version ${versionOf(other)}: they do not make one log.`,
    {
      remedy: `Start shard ${number} afresh: its command, with --shard ${number}/${of} and another --output.`,
    },
  )
}

/** Returns the problems of the shards as a set. */
function problemsOfSet(shards: readonly ShardLog[]): string[] {
  const [first, ...others] = shards as [ShardLog, ...ShardLog[]]
  const { of } = first.metadata.share
  const strangers = others.filter(({ metadata }) => !isSamePlan(metadata.share, first.metadata.share))
  const numbers = shards.map(({ metadata }) => metadata.share.number)
  const absent = Array.from({ length: of }, (_, position) => position + 1).filter(
    number => !numbers.includes(number),
  )
  return [
    ...strangers.map(
      ({ file, metadata }) =>
        `${file} is a share of another plan (${say(metadata.share)}) than ${first.file} (${say(first.metadata.share)})`,
    ),
    ...shards.flatMap(({ file, metadata }, position) =>
      numbers.indexOf(metadata.share.number) < position
        ? [`${file} is shard ${metadata.share.number} once more`]
        : [],
    ),
    ...(absent.length === 0 ? [] : [`shard ${formatIndices(absent)} of ${of} is missing`]),
    ...others.flatMap(({ file, metadata }) =>
      fieldDifferences(first.metadata.configuration, metadata.configuration).map(
        ({ field, before, after }) =>
          `${field} is ${showValue(before)} in ${first.file} and ${showValue(after)} in ${file}`,
      ),
    ),
  ]
}

/** Returns the problems of a single shard. */
function problemsOfShard(shard: ShardLog): string[] {
  const { file, partial, rows, metadata } = shard
  const planned = new Set(parseIndices(metadata.plan.images))
  const missing = missingImages(shard)
  const foreign = rows.map(({ index }) => index).filter(index => !planned.has(index))
  return [
    ...(partial === undefined ? [] : [`${file} is cut short in line ${partial.line}`]),
    ...(missing.length === 0
      ? []
      : [
          `${file} lacks ${missing.length} of ${metadata.plan.count} images: ${formatIndices(missing.slice(0, 10))}`,
        ]),
    ...(foreign.length === 0
      ? []
      : [`${file} has images that do not fall to it: ${formatIndices(foreign.slice(0, 10))}`]),
  ]
}

/** Restores the order of the whole plan. */
function wholePlan(shards: readonly ShardLog[]): number[] {
  const shares = shards.map(({ metadata }) => parseIndices(metadata.plan.images))
  const [{ metadata }] = shards as [ShardLog, ...ShardLog[]]
  const { of, count, sha256 } = metadata.share
  const plan = Array.from(
    { length: count },
    (_, position) => shares[position % of]?.[Math.floor(position / of)] ?? -1,
  )
  if (planDigest(plan) === sha256) return plan
  throw notWhole(['the images of the shards are not those of the plan: a file beside them was changed'])
}

async function writeMerged(
  output: string,
  { log, metadata }: { log: string; metadata: NewLogMetadata },
): Promise<void> {
  const held = await lock(`${output}.lock`, `log ${output}`)
  try {
    const existing = await readText(output)
    if (
      existing !== undefined &&
      existing !== log &&
      !(await isContinued(output, { existing, log, metadata }))
    ) {
      throw new ConfigError(`There is another log at ${output}.`, {
        remedy: 'Choose another output, or remove it.',
      })
    }
    held.requireHeld()
    await writeMetadata(output, metadata)
    await writeDurably(output, log)
  } finally {
    await held.release()
  }
}

/** Returns whether an existing log has the same configuration and only rows that the merged one also has. */
async function isContinued(
  output: string,
  { existing, log, metadata }: { existing: string; log: string; metadata: NewLogMetadata },
): Promise<boolean> {
  const logged = await readMetadata(output)
  if (logged === undefined || !existing.startsWith(`${LOG_HEADER}\n`)) return false
  requireSameStreams(output, logged.configuration, metadata.configuration)
  const merged = new Set(log.split('\n'))
  const whole = existing.slice(0, existing.lastIndexOf('\n') + 1).split('\n')
  const isSame = fieldDifferences(logged.configuration, metadata.configuration).length === 0
  return isSame && whole.every(line => merged.has(line))
}

function isSamePlan(a: Share, b: Share): boolean {
  return a.of === b.of && a.count === b.count && a.sha256 === b.sha256
}

function say({ of, count, sha256 }: Share): string {
  return `${count} images in ${of} shards, ${sha256.slice(0, 8)}`
}

function notWhole(problems: readonly string[]): DataError {
  return new DataError(`The shards do not make one log:\n${problems.map(line => `  ${line}`).join('\n')}\n`, {
    remedy: 'Finish, add or leave out what is named, then merge again.',
  })
}
