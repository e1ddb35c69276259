import { analyze } from '../analysis/analyze'
import { fileName } from '../analysis/runs'
import { renderTables } from '../analysis/tables'
import { connect } from '../bridge'
import { certify, defaultLogPath } from '../certification/certify'
import { certifyLaunched } from '../certification/certify-launched'
import { dryRunCertification } from '../certification/dry-run'
import type { CertificationConfig, CertificationConfigInput } from '../config/schema'
import { launchRank } from '../environment/launch-rank'
import { ConfigError } from '../errors'
import { type CertificationLog, readCertificationLog } from '../logs/certification-log-file'
import { type Shard, shardPath } from '../logs/shards'
import { print, printData, say } from '../terminal/print'
import { loadingLine } from '../terminal/progress'
import { renderDryRun } from './certification-dry-run'
import type { SmoothedOptions } from './certification-options'
import { certificationDocument } from './documents/certification'
import { endPythonWhenAborted } from './end-python'
import { interruptible } from './interruption'
import type { RouterOptions } from './routed/options'
import { namedSource } from './routed/source'
import { chosenCheckpoint } from './smoothed-source'

export interface CertifyCommandOptions extends SmoothedOptions, RouterOptions {
  readonly images?: CertificationConfig['images']
  readonly output?: string
  readonly shard?: Shard
  readonly sanity?: boolean
  /** true: radii that depend on σ. */
  readonly adaptive?: readonly number[] | true
  readonly block?: number
  readonly worth?: number
  readonly maxRadiusLoss?: number
  readonly atRadius?: number
  readonly aces?: number
  readonly selector?: string
  readonly core?: string
  readonly cascade?: readonly number[]
  readonly pixelDp?: boolean
  readonly scores?: boolean
  readonly dryRun?: boolean
  readonly json?: boolean
  readonly pricePerHour?: number
}

/** `ft-cadis certify`: certifies the images of this process, and prints the results. */
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
  if (options.pricePerHour !== undefined && options.dryRun !== true) {
    throw withoutProcedure('--price-per-hour', '--dry-run')
  }
  const source = await namedSource(folder, options, {
    images: options.images,
    ...statementOf(options),
  })
  if (options.dryRun === true) return await dryRun(source, options)
  const { config } = source
  const chosen = chosenCheckpoint(config, options)
  const log = options.output ?? defaultLogPath(config, chosen)
  const result = await interruptible(
    'the images in work are dropped, and the log stays whole',
    async signal => {
      using starting = loadingLine({ isShown: launchRank().rank === 0 })
      starting.show('starting Python and PyTorch')
      await using session = await connect({
        python: options.python,
        device: config.device,
        threads: config.threads,
      })
      starting.end()
      endPythonWhenAborted(session, signal)
      const certifyShare = (shard: Shard | undefined, earlier: readonly string[] = []) =>
        certify(session, source, { log, shard, earlier, signal, sanity: options.sanity, progress: true })
      // Awaited here, before the session is closed.
      if (options.shard !== undefined) return await certifyShare(options.shard)
      const hasAll = await certifyLaunched(session, log, certifyShare)
      return hasAll ? await readCertificationLog(log) : undefined
    },
  )
  if (result !== undefined) printResult(result, options)
  if (options.shard !== undefined) (options.json ? say : print)(afterShard(log, options.shard))
}

/** Formats the path of a shard and the command that merges all of them. */
function afterShard(log: string, shard: Shard): string {
  const [own, all] = [shardPath(log, shard), shardPath(log, { ...shard, number: '*' })]
  return [
    `Shard ${shard.number} of ${shard.of}: ${own}. When all are done:`,
    `  npx ft-cadis certify merge ${all} --output ${log}`,
  ].join('\n')
}

/** `--dry-run`: estimates the cost. */
async function dryRun(
  source: Awaited<ReturnType<typeof namedSource>>,
  { python, shard, pricePerHour }: CertifyCommandOptions,
): Promise<void> {
  const { device, threads } = source.config
  await using session = await connect({ python, device, threads })
  using loading = loadingLine({ isShown: true })
  loading.show('loading networks, and timing ten passes')
  const found = await dryRunCertification(session, source, { shard })
  loading.end()
  print(renderDryRun(found, { pricePerHour }))
}

function adaptiveOf({
  adaptive,
  maxRadiusLoss,
  atRadius,
  block,
  worth,
}: CertifyCommandOptions): CertificationConfigInput['adaptive'] {
  if (worth !== undefined && adaptive === undefined) throw withoutProcedure('--worth', '--adaptive')
  if (maxRadiusLoss !== undefined) return { maxRadiusLoss, block }
  if (adaptive !== undefined) {
    return { radii: adaptive === true ? 'sigma' : [...adaptive], block, worth }
  }
  if (block !== undefined) throw withoutProcedure('--block', '--adaptive or --max-radius-loss')
  return atRadius === undefined ? undefined : { radius: atRadius }
}

/** Returns the procedure from the options, which overrides that of the settings. */
function statementOf(
  options: CertifyCommandOptions,
): Pick<CertificationConfigInput, 'adaptive' | 'procedure'> {
  const [adaptive, procedure] = [adaptiveOf(options), procedureOf(options)]
  if (procedure !== undefined) return { adaptive: 'none', procedure }
  return adaptive === undefined ? {} : { adaptive, procedure: { kind: 'certify' } }
}

function procedureOf({
  aces,
  cascade,
  pixelDp,
  scores,
  selector,
  core,
}: CertifyCommandOptions): CertificationConfigInput['procedure'] {
  if (aces === undefined && selector !== undefined) throw withoutProcedure('--selector', '--aces')
  if (aces === undefined && core !== undefined) throw withoutProcedure('--core', '--aces')
  if (aces !== undefined) return { kind: 'aces', threshold: aces }
  if (cascade !== undefined) return { kind: 'cascade', sigmas: [...cascade] }
  if (pixelDp !== true && scores === true) throw withoutProcedure('--scores', '--pixel-dp')
  return pixelDp === true ? { kind: 'pixel-dp', ...(scores === true && { by: 'scores' }) } : undefined
}

function withoutProcedure(option: string, wanted: string): ConfigError {
  return new ConfigError(`${option} is given without ${wanted}, and decides nothing.`, {
    remedy: `Give ${wanted} too, or leave ${option} out.`,
  })
}

function printResult(log: CertificationLog, { json = false }: Pick<CertifyCommandOptions, 'json'>): void {
  const analysis = analyze([{ label: fileName(log.file), log }])
  const { tables, notes } = analysis
  if (json) printData(JSON.stringify(certificationDocument(log, analysis), null, 2))
  else print(renderTables({ tables, notes }, 'terminal'))
  for (const note of notes) say(`note: ${note}`)
  say(`certificates: ${log.file}`)
}
