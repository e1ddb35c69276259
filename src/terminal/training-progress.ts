import type { MetricTable } from '../objectives/metrics'
import type { RunEnd, RunStart, RunWatcher, UpdateReport } from '../runs/reports'
import { compilingPhase } from './compiling'
import { type LiveLine, liveLine } from './live-line'
import { say } from './print'
import { remainingTime } from './remaining-time'
import { epochLine, formatDuration, skippedLine, trainingLine } from './training-line'

/**
 * Shows a run on stderr: on a terminal as one updating line that never wraps, with a permanent line for each epoch and
 * each skipped update; elsewhere as plain lines, one for each twentieth of the run and at least every five minutes.
 */
export function trainingProgress(): RunWatcher {
  return textLines(process.stderr.isTTY ? terminalOutput() : plainOutput())
}

/** The destination of lines. */
interface Output {
  begin(): void
  /** Shows the current state of the run. */
  show(report: UpdateReport, line: (columns?: number) => string): void
  /** Shows the work before the next update, while it lasts. */
  phase(line: () => string | undefined): void
  /** Prints a permanent line. */
  print(text: string): void
  end(): void
}

function textLines(output: Output): RunWatcher {
  let clock = remainingTime()
  let skipped = 0
  let epochs = 0
  let metrics: MetricTable = {}
  let testMetrics: MetricTable = {}
  let last: UpdateReport | undefined
  const compiling = compilingPhase(text => output.print(text))
  const show = () => {
    if (last === undefined) return
    const report = last
    const figures = { leftMs: clock.leftMs(), skipped, metrics }
    output.show(report, columns =>
      trainingLine(report, columns === undefined ? figures : { ...figures, columns }),
    )
  }
  return {
    onStart: ({ plan, stepsDone, objective }: RunStart) => {
      epochs = plan.epochs
      metrics = objective.metrics
      testMetrics = objective.evaluation.metrics
      clock = remainingTime()
      if (stepsDone > 0) say(`continues after step ${stepsDone}/${plan.updates}`)
      output.begin()
    },
    onUpdate: report => {
      last = report
      clock.update(report)
      if (!report.taken) {
        skipped += 1
        output.print(skippedLine(report))
      }
      show()
    },
    onCompiling: isCompiling => {
      compiling.onCompiling(isCompiling)
      output.phase(compiling.line)
    },
    onEpoch: report => {
      clock.epoch()
      output.print(epochLine(report, { epochs, metrics: testMetrics }))
      show()
    },
    onEnd: (end: RunEnd) => {
      output.end()
      const where = last === undefined ? '' : ` after step ${last.step}/${last.steps}`
      say(`${end}${where}, ${formatDuration(clock.elapsedMs())}`)
    },
  }
}

function terminalOutput(): Output {
  let line: LiveLine | undefined
  let shown: (columns?: number) => string = () => ''
  let phase: () => string | undefined = () => undefined
  const draw = () => line?.show(columns => phase()?.slice(0, columns) ?? shown(columns))
  return {
    begin: () => {
      line = liveLine()
    },
    show: (_report, text) => {
      shown = text
      draw()
    },
    phase: text => {
      phase = text
      draw()
    },
    print: text => (line === undefined ? say(text) : line.print(text)),
    end: () => line?.stop(),
  }
}

const PLAIN_EVERY_MS = 300_000
const PLAIN_EVERY_SHARE = 0.05

function plainOutput(): Output {
  let shownStep = Number.NEGATIVE_INFINITY
  let shownMs = 0
  return {
    begin: () => undefined,
    show: ({ step, steps }, text) => {
      const now = performance.now()
      const isDue = step - shownStep >= PLAIN_EVERY_SHARE * steps || now - shownMs >= PLAIN_EVERY_MS
      if (!isDue) return
      shownStep = step
      shownMs = now
      say(text())
    },
    phase: () => undefined,
    print: text => say(text),
    end: () => undefined,
  }
}
