import { svgToPng } from '../analysis/chart/png'
import { renderTable } from '../analysis/tables'
import { attackResult } from '../attack/attack'
import { findChanges } from '../attack/find-changes'
import { requireUnbroken } from '../attack/gap'
import { gapChart, gapTable } from '../attack/gap-chart'
import { type AttackOptions, type PlannedAttack, planAttack } from '../attack/plan-attack'
import { connect } from '../bridge'
import { defaultLogPath } from '../certification/certify'
import { launchRank } from '../environment/launch-rank'
import { ConfigError } from '../errors'
import { print, printLine, say } from '../terminal/print'
import { loadingLine, progressBar } from '../terminal/progress'
import type { SmoothedOptions } from './certification-options'
import { endPythonWhenAborted } from './end-python'
import { interruptible } from './interruption'
import type { RouterOptions } from './routed/options'
import { namedSource } from './routed/source'
import { chosenCheckpoint } from './smoothed-source'
import { writeOutput } from './write-output'

export interface AttackCommandOptions
  extends SmoothedOptions,
    RouterOptions,
    Pick<
      AttackOptions,
      'certificates' | 'images' | 'starts' | 'steps' | 'noises' | 'rounds' | 'votes' | 'confirm'
    > {
  readonly selector?: string
  readonly core?: string
  readonly radii?: readonly number[]
  readonly output?: string
  readonly plot?: string
  readonly dryRun: boolean
}

/** `ft-cadis attack`: attacks the certified images of a log, and prints and plots both bounds. */
export async function runAttack(folder: string | undefined, options: AttackCommandOptions): Promise<void> {
  const { output: log, plot, dryRun, radii, ...others } = options
  if (launchRank().worldSize > 1) {
    throw new ConfigError('An attack runs in one process, and this is a launch of several.', {
      remedy: 'Leave out the launch, or attack other --images into other logs.',
    })
  }
  if (plot !== undefined && !/\.(svg|png)$/i.test(plot)) {
    throw new ConfigError(`--plot takes a file .svg or .png, got ${plot}.`, { remedy: 'Name one of these.' })
  }
  // The log has the threshold.
  const isAces = options.selector !== undefined || options.core !== undefined
  const source = await namedSource(folder, options, {
    ...(isAces && { adaptive: 'none', procedure: { kind: 'aces', threshold: 0 } }),
  })
  const { config } = source
  const chosen = chosenCheckpoint(config, options)
  const { certificates = defaultLogPath(config, chosen) } = options
  const plan = await planAttack(config, { ...others, certificates, log })
  if (dryRun) {
    print(describe(plan))
    return
  }
  await interruptible('the images in work are dropped, and the log stays whole', async signal => {
    using starting = loadingLine({ isShown: true })
    starting.show('starting Python and PyTorch')
    const { device, threads } = config
    await using session = await connect({ python: options.python, device, threads })
    starting.end()
    endPythonWhenAborted(session, signal)
    const bar = progressBar('attack', { total: plan.attacked.length })
    try {
      await findChanges(session, source, plan, { signal, onNote: say, onImage: done => bar.update(done) })
    } finally {
      bar.stop()
    }
  })
  const { gaps } = await attackResult(plan)
  print(renderTable(gapTable(gaps, radii ?? radiiUpTo(plan)), 'terminal'))
  const svg = await gapChart(gaps, { width: 720, height: 400 })
  const beside = plan.log.replace(/\.tsv$/, '')
  for (const file of plot === undefined ? [`${beside}.svg`, `${beside}.png`] : [plot]) {
    await writeOutput(file, /\.png$/i.test(file) ? await svgToPng(svg) : svg)
    printLine(`chart: ${file}`)
  }
  printLine(`changes: ${plan.log}`)
  requireUnbroken(gaps, plan)
}

/** Returns multiples of 0.25 up to the largest certified radius, and one beyond. */
function radiiUpTo({ rows }: PlannedAttack): readonly number[] {
  const largest = rows.reduce((most, { radius }) => Math.max(most, radius), 0)
  return Array.from({ length: Math.ceil(4 * largest) + 2 }, (_, quarter) => quarter / 4)
}

/** Describes the planned attack. */
function describe({ rows, attacked, certificates, log, settings, config }: PlannedAttack): string {
  const { starts, steps, noises, rounds, votes, confirm } = settings
  const { n0, n, alpha } = config.certification
  const attempts = starts * rounds
  return [
    `${attacked.length} of ${rows.length} certified images state a class and would be attacked: ${certificates.file}`,
    `for each at most ${attempts} attacks of ${steps} steps on ${noises} noisy copies, forward and backward, and ${attempts * votes} votes`,
    `then ${confirm.toUpperCase()} at changed images: n0 ${n0}, n ${n}, alpha ${alpha} for an image, ${alpha / rounds} for each change of it`,
    `log: ${log}`,
  ].join('\n')
}
