import { join } from 'node:path'
import { analyze } from '../../analysis/analyze'
import { abstentionRate, averageCertifiedRadius, certifiedAccuracy } from '../../analysis/certified-accuracy'
import type { Table } from '../../analysis/tables'
import { fieldDifferences } from '../../config/differences'
import { FtCadisError } from '../../errors'
import { namesIn } from '../../files/names-in'
import { type CertificationLog, missingImages, readCertificationLog } from '../../logs/certification-log-file'
import { familyWiseOf } from '../../logs/certification-log-metadata'

export interface CardLogs {
  readonly logs: readonly CertificationLog[]
  /** Reasons for omitting other logs of the run, one sentence each. */
  readonly notes: readonly string[]
}

/** The weights that logs must match. */
export interface CardWeights {
  /** Hashes of the files of the checkpoint, by name; null if the classifier is from no checkpoint. */
  readonly checkpoint: Readonly<Record<string, string>> | null
  /** Hashes of the denoiser; undefined if unknown. */
  readonly denoiser: unknown
}

/** Returns the certification logs of a run that match these weights. */
export async function logsOfWeights(run: string, weights: CardWeights): Promise<CardLogs> {
  const names = (await namesIn(run)).filter(name => /^certify-.*\.tsv$/.test(name)).sort()
  const logs: CertificationLog[] = []
  const notes: string[] = []
  for (const name of names) {
    const found = await readOrReason(join(run, name))
    const reason = typeof found === 'string' ? found : reasonToLeaveOut(found, weights)
    if (reason !== undefined) notes.push(`${name} is not in the model card: ${reason}`)
    else if (typeof found !== 'string') logs.push(found)
  }
  return { logs, notes }
}

async function readOrReason(path: string): Promise<CertificationLog | string> {
  try {
    return await readCertificationLog(path)
  } catch (error) {
    if (error instanceof FtCadisError) return error.message
    throw error
  }
}

function reasonToLeaveOut(
  { metadata, rows }: CertificationLog,
  { checkpoint, denoiser }: CardWeights,
): string | undefined {
  if (metadata === undefined) return 'nothing beside it says how it was certified.'
  if (metadata.share !== undefined) return 'it is a share of a certification; merge the shares first.'
  if (rows.length === 0) return 'it has no row yet.'
  if (metadata.configuration.norm !== 'l2') return `its radii are of ${metadata.configuration.norm}.`
  if (metadata.configuration.purify !== undefined) {
    return 'its copies vote by several looks of the networks (purify), and the model of the card takes one.'
  }
  const logged = Object(metadata.configuration.models)
  const isSame = (first: unknown, second: unknown) => fieldDifferences(first, second).length === 0
  const isAbout =
    isSame(logged.checkpoint ?? null, checkpoint) &&
    logged.ensemble === undefined &&
    (denoiser === undefined || isSame(Object(logged.denoiser).sha256, denoiser))
  return isAbout ? undefined : 'it is about other weights.'
}

/** Returns certified accuracy in percent, one row per log; undefined without logs. */
export function accuracyTable(logs: readonly CertificationLog[]): Table | undefined {
  if (logs.length === 0) return undefined
  const { radii } = analyze(logs.map(log => ({ label: log.file, log })))
  return {
    caption:
      'Average certified radius (ACR), abstention and certified accuracy in percent at ℓ2 radius r, for pixels in [0, 1]',
    columns: [
      ...['data', 'images', 'σ', 'n0', 'n', 'α', 'votes'].map(header => ({ header })),
      { header: 'ACR', digits: 3 },
      { header: 'abstained', digits: 1 },
      ...radii.map(radius => ({ header: `r = ${radius}`, digits: 1 })),
    ],
    rows: logs.map(log => {
      const { rows } = log
      return [
        ...settingCells(log),
        averageCertifiedRadius(rows),
        100 * abstentionRate(rows),
        ...certifiedAccuracy(rows, radii).map(share => 100 * share),
      ]
    }),
  }
}

function settingCells(log: CertificationLog): readonly (string | number)[] {
  const { configuration } = log.metadata as NonNullable<CertificationLog['metadata']>
  const { data, sigma, n0, n, alpha, procedure } = configuration
  const missing = missingImages(log).length
  const familyWise = familyWiseOf({ configuration })
  const { source = 'unknown' } = Object(data)
  return [
    String(source),
    missing === 0 ? log.rows.length : `${log.rows.length} of ${log.rows.length + missing}`,
    sigma,
    n0,
    n,
    familyWise === undefined ? alpha : `${familyWise.alpha} for all images together`,
    procedure.kind === 'certify' ? 'fixed' : procedure.kind,
  ]
}
