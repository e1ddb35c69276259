import { join } from 'node:path'
import { accuracyTable } from '../../analysis'
import { renderTable } from '../../analysis/tables'
import { connect, type Session } from '../../bridge'
import { certify, defaultLogPath } from '../../certification/certify'
import { certifyLaunched } from '../../certification/certify-launched'
import type { NamedPreset } from '../../config/named-presets'
import type { CertificationRunConfig, RunConfig } from '../../config/schema'
import { setup } from '../../environment/setup'
import { ConfigError, InterruptedError } from '../../errors'
import { readCertificationLog } from '../../logs/certification-log-file'
import { ensembleOfRuns } from '../../runs/ensemble-of-runs'
import type { TrainedRun } from '../../smoothing/trained-classifier'
import { print, printLine, say } from '../../terminal/print'
import { dryRun } from '../../training/dry-run'
import { finetune } from '../../training/train'
import { interruptible } from '../interruption'
import { isTalkative, runHooks } from '../run-options'
import { evaluationLines, nextCommands } from './end'
import { formatConfig, formatDryRun } from './format'
import { measure, syntheticSettings } from './measure'
import { memberConfigs } from './member-configs'
import type { TrainOptions } from './options'
import { requireCertifiable } from './require-certifiable'
import { resumeCommand } from './resume-command'
import { printStart } from './start'
import { trainSettings } from './train-settings'

/** Default radii of the table, for pixels in [0, 1]. */
const RADII = [0, 0.25, 0.5, 0.75, 1, 1.25, 1.5]

/** `ft-cadis train`: runs a training, a measurement or a dry run, as the options request. */
export async function train(options: TrainOptions): Promise<void> {
  const { python, synthetic } = options
  const settings = await trainSettings(options)
  const { device, threads } = settings.config
  requireCertifiable(settings.config, options)
  await setup({ python, onLine: say })
  await using session = await connect({ python, device, threads })
  const config = synthetic ? await syntheticSettings(session, options) : settings.config
  const runs = memberConfigs(config, options.members)
  requireOneProcess(session, options)
  if (options.dryRun) for (const run of runs) await check(session, run, options)
  else if (synthetic) await measure(session, config, options)
  else {
    await trainAndCertify(session, runs, { options, preset: settings.preset, output: config.output })
    if (!isTalkative(options, session.launch)) return
    nextCommands(config, { isCertified: options.certify === true }).forEach(printLine)
  }
}

async function check(session: Session, config: RunConfig, options: TrainOptions): Promise<void> {
  const { existing } = runHooks(options)
  const found = await dryRun(session, config, { stopAfterUpdates: options.steps, existing })
  print(formatDryRun(found, config, options))
  if (found.problems.length > 0) process.exitCode = 1
  // Problems are the last that a terminal shows.
  else print(formatConfig(config))
}

/** Trains runs one after another, and certifies the result if requested. */
export async function trainAndCertify(
  session: Session,
  configs: readonly RunConfig[],
  { options, preset, output }: { options: TrainOptions; preset: NamedPreset | undefined; output: string },
): Promise<void> {
  const isTold = isTalkative(options, session.launch)
  await interruptible('what is under way is brought to an end and saved', async signal => {
    const trained: (TrainedRun & { readonly folder: string })[] = []
    for (const config of configs) {
      const { checkpoint, networks, smoothing } = await finetune(session, config, {
        ...runHooks(options),
        signal,
        stopAfterUpdates: options.steps,
        evaluationImages: options.evaluateImages,
        onStart: start => (isTold ? printStart(start, config) : undefined),
      }).catch(withResumeCommand)
      session.free([networks, smoothing])
      if (isTold) {
        for (const line of await evaluationLines(config.output)) printLine(line)
        printLine(`configuration: ${join(config.output, 'config.json')}`)
        printLine(`checkpoint: ${checkpoint}`)
      }
      trained.push({ folder: config.output, config, checkpoint })
    }
    if (options.certify) {
      const radii = preset?.radii ?? RADII
      await certifyTrained(session, { ...ensembleOfRuns(trained), output }, { radii, isTold, signal })
    }
  })
}

/** Refuses several members in a launch, whose processes share the updates of one run. */
function requireOneProcess({ launch }: Session, { members }: TrainOptions): void {
  if (members === undefined || launch.worldSize === 1) return
  throw new ConfigError(
    `--members ${members} trains one run after another, but ${launch.worldSize} processes are launched to share one.`,
    { remedy: 'Launch each member separately, with --seed and --output …/members/0, …/members/1, ….' },
  )
}

/** Adds the command that continues to an interruption. */
function withResumeCommand(error: unknown): never {
  if (!(error instanceof InterruptedError)) throw error
  const what = error.message.slice(0, -error.remedy.length).trimEnd()
  throw new InterruptedError(error.reason, {
    what,
    remedy: `${error.remedy}\nTo continue: ${resumeCommand()}`,
    cause: error,
  })
}

/**
 * Certifies by vote at the sigma of the training, and prints the table of certified accuracy. `ft-cadis certify <run>`
 * continues the same log.
 */
async function certifyTrained(
  session: Session,
  config: CertificationRunConfig,
  { radii, isTold, signal }: { radii: readonly number[]; isTold: boolean; signal: AbortSignal },
): Promise<void> {
  const log = defaultLogPath(config)
  const hasAll = await certifyLaunched(session, log, (shard, earlier) =>
    certify(session, config, { log, shard, earlier, signal, progress: isTold }),
  )
  if (!hasAll || !isTold) return
  const { rows } = await readCertificationLog(log)
  const label = `sigma ${config.smoothing.sigma}`
  print(renderTable(accuracyTable([{ label, logs: [rows] }], radii), 'terminal'))
  printLine(`certificates: ${log}`)
}
