import {
  accuracyTable,
  type CertificationRunConfig,
  certificationOf,
  certify,
  certifyLaunched,
  connect,
  defaultLogPath,
  dryRun,
  finetune,
  parseConfig,
  type RunConfigOf,
  readCertificationLog,
  renderTable,
  requireMethod,
  type Session,
  type SyntheticOptions,
  setup,
  syntheticRun,
} from '../../src'
import { interruptible } from '../../src/cli/interruption'
import { isTalkative, runHooks } from '../../src/cli/run-options'
import { formatConfig, formatDryRun } from './format'
import { type CommonOptions, withOptions } from './options'
import { printStart } from './start'
import { measure, withSyntheticDefaults } from './synthetic'

export interface Program {
  /** What the table calls the result. */
  readonly label: string
  /** Radii of the table, for pixels in [0, 1]. */
  readonly radii: readonly number[]
  /** Generated images of the same sizes and numbers as the real ones. */
  readonly images: SyntheticOptions
}

/** What the flags ask for: a measurement, a dry run, or a whole run. */
export async function run(
  preset: RunConfigOf<'ft-cadis'>,
  options: CommonOptions,
  program: Program,
): Promise<void> {
  const { python, device, threads } = options
  await setup({ python, onLine: line => console.error(line) })
  await using session = await connect({ python, device, threads })
  if (options.synthetic) {
    const defaults = withSyntheticDefaults(options, session.info.device)
    const config = requireMethod(syntheticRun(withOptions(preset, defaults), program.images), 'ft-cadis')
    if (options.dryRun) await check(session, config, options)
    else await measure(session, config, defaults)
    return
  }
  const config = requireMethod(parseConfig(withOptions(preset, options)), 'ft-cadis')
  if (options.dryRun) await check(session, config, options)
  else await trainAndCertify(session, config, { options, program })
}

async function check(
  session: Session,
  config: RunConfigOf<'ft-cadis'>,
  options: CommonOptions,
): Promise<void> {
  console.log(formatConfig(config))
  const found = await dryRun(session, config, { stopAfterUpdates: options.steps })
  console.log(formatDryRun(found, config, options))
  if (found.problems.length > 0) process.exitCode = 1
}

async function trainAndCertify(
  session: Session,
  config: RunConfigOf<'ft-cadis'>,
  { options, program }: { options: CommonOptions; program: Program },
): Promise<void> {
  const isTold = isTalkative(options, session.launch)
  if (isTold) console.log(formatConfig(config))
  await interruptible('what is under way is brought to an end and saved', async signal => {
    const { checkpoint, networks, smoothing } = await finetune(session, config, {
      ...runHooks(options),
      signal,
      stopAfterUpdates: options.steps,
      evaluationImages: options.evaluateImages,
      onStart: start => (isTold ? printStart(start, config) : undefined),
    })
    session.free([networks, smoothing])
    if (isTold) console.log(`checkpoint: ${checkpoint}`)
    if (options.certify) {
      await certifyTrained(session, certificationOf(config, checkpoint), { program, isTold, signal })
    }
  })
}

/**
 * CERTIFY by vote at the sigma that was trained for, and the table of certified accuracy. `ft-cadis certify <run>` continues
 * with the same log.
 */
async function certifyTrained(
  session: Session,
  config: CertificationRunConfig,
  { program: { label, radii }, isTold, signal }: { program: Program; isTold: boolean; signal: AbortSignal },
): Promise<void> {
  const log = defaultLogPath(config)
  const hasAll = await certifyLaunched(session, log, (shard, earlier) =>
    certify(session, config, { log, shard, earlier, signal, progress: isTold }),
  )
  if (!hasAll || !isTold) return
  const { rows } = await readCertificationLog(log)
  console.log(renderTable(accuracyTable([{ label, logs: [rows] }], radii), 'terminal'))
  console.log(`certificates: ${log}`)
}
