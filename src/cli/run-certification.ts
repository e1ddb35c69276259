import { analyze } from '../analysis/analyze'
import { fileName } from '../analysis/runs'
import { renderTables } from '../analysis/tables'
import { connect, type Session } from '../bridge'
import { GRID_RADII } from '../certification/adaptive'
import { certify, defaultLogPath } from '../certification/certify'
import { certifyLaunched } from '../certification/certify-launched'
import type { CertificationConfig } from '../config/schema'
import { launchRank } from '../environment/launch-rank'
import { ConfigError } from '../errors'
import { type CertificationLog, readCertificationLog } from '../logs/certification-log-file'
import type { Shard } from '../logs/shards'
import type { KnownSmoothed } from '../smoothing/smoothed-input'
import { type CertificationProgress, certificationProgress } from '../terminal/certification-progress'
import type { SmoothedOptions } from './certification-options'
import { endPythonWhenAborted } from './end-python'
import { interruptible } from './interruption'
import { smoothedSource } from './smoothed-source'

export interface CertifyCommandOptions extends SmoothedOptions {
  readonly images?: CertificationConfig['images']
  readonly output?: string
  readonly shard?: Shard
  /** true stands for the default radii. */
  readonly adaptive?: readonly number[] | true
  readonly maxRadiusLoss?: number
}

/** What a command certifies, and where to. */
interface Job {
  readonly source: KnownSmoothed
  /** Path of the whole log. */
  readonly log: string
  readonly signal: AbortSignal
}

/** `ft-cadis certify`: certifies what falls to this process, and prints the figures. */
export async function runCertification(
  folder: string | undefined,
  options: CertifyCommandOptions,
): Promise<void> {
  const { worldSize } = launchRank()
  if (worldSize > 1 && options.shard !== undefined) {
    throw new ConfigError('--shard is given to launched processes, which share the images by themselves.', {
      remedy: 'Leave out --shard, or the launch.',
    })
  }
  const source = await smoothedSource(folder, options, {
    images: options.images,
    adaptive: adaptiveOf(options),
  })
  const { config } = source
  const log = options.output ?? defaultLogPath(config)
  const result = await interruptible(
    'the image in work is dropped, and the log stays whole',
    async signal => {
      await using session = await connect({
        python: options.python,
        device: config.device,
        threads: config.threads,
      })
      endPythonWhenAborted(session, signal)
      const job = { source, log, signal }
      // Awaited here, before the session is closed.
      if (worldSize === 1) return await certifyShard(session, job, options.shard)
      const isSilent = session.launch.rank > 0
      const hasAll = await certifyLaunched(session, log, shard =>
        certifyShard(session, job, shard, { isSilent }),
      )
      return hasAll ? await readCertificationLog(log) : undefined
    },
  )
  if (result !== undefined) printResult(result)
}

function adaptiveOf({
  adaptive,
  maxRadiusLoss,
}: CertifyCommandOptions): CertificationConfig['adaptive'] | undefined {
  if (maxRadiusLoss !== undefined) return { maxRadiusLoss }
  if (adaptive === undefined) return undefined
  return { radii: [...(adaptive === true ? GRID_RADII : adaptive)] }
}

/** Certifies a share, or everything. */
async function certifyShard(
  session: Session,
  { source, log, signal }: Job,
  shard: Shard | undefined,
  { isSilent = false }: { readonly isSilent?: boolean } = {},
): Promise<CertificationLog> {
  const radii = [0, source.config.smoothing.sigma]
  const progress: Partial<CertificationProgress> = isSilent ? {} : certificationProgress({ radii })
  try {
    return await certify(session, source, { log, shard, signal, ...progress })
  } finally {
    progress.stop?.()
  }
}

function printResult(log: CertificationLog): void {
  const { tables, notes } = analyze([{ label: fileName(log.file), log }])
  console.log(renderTables({ tables, notes }, 'terminal'))
  for (const note of notes) console.error(`note: ${note}`)
  console.error(`certificates: ${log.file}`)
}
