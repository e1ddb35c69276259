import type { MetricDescription, MetricTable } from '../objectives/metrics'
import type { EpochReport, UpdateReport } from '../runs/reports'

/** Text about a run for a terminal. */

interface LineOptions {
  /** Available columns; the least important fields are omitted to fit. Default: no limit. */
  readonly columns?: number
  /** Undefined while unknown. */
  readonly leftMs: number | undefined
  /** Skipped updates so far. */
  readonly skipped: number
  /** Metrics of the objective, with the headlines to show. */
  readonly metrics: MetricTable
}

/** Returns one line about an update that fits the columns. */
export function trainingLine(
  report: UpdateReport,
  { columns = Number.POSITIVE_INFINITY, leftMs, skipped, metrics }: LineOptions,
): string {
  const { epoch, epochs, step, steps, deviceBytes } = report
  const headlines = Object.entries(metrics).filter(([, { isHeadline }]) => isHeadline)
  // In display order; fields of a smaller rank stay longer on a narrow terminal.
  const fields: readonly (readonly [rank: number, text: string | undefined])[] = [
    [2, `epoch ${epoch}/${epochs}`],
    [1, `step ${step}/${steps}`],
    [3, `${Math.floor((100 * step) / steps)} %`],
    [4, leftMs === undefined ? undefined : `${formatDuration(leftMs)} left`],
    [7, `${formatFigure(report.imagesPerSecond)} images/s`],
    [5, `loss ${formatFigure(report.loss)}`],
    ...headlines.map(([key, metric], place): readonly [number, string | undefined] => [
      // Shares are easier to read than parts of the loss.
      (metric.unit === 'share' ? 8 : 10) + place / headlines.length,
      formatMetric(report.metrics[key], metric),
    ]),
    [9, `lr ${report.learningRate === 0 ? 0 : report.learningRate.toExponential(1)}`],
    [11, deviceBytes === null ? undefined : `GPU ${formatGibibytes(deviceBytes)}`],
    [6, skipped === 0 ? undefined : `${skipped} skipped`],
  ]
  const chosen = new Set<string>()
  let length = 0
  for (const [, text] of [...fields].sort(([a], [b]) => a - b)) {
    if (text === undefined) continue
    length += text.length + (chosen.size === 0 ? 0 : SEPARATOR.length)
    if (length > columns) break
    chosen.add(text)
  }
  if (chosen.size === 0) return `${step}/${steps}`.slice(0, Math.max(0, columns))
  return fields.flatMap(([, text]) => (text !== undefined && chosen.has(text) ? [text] : [])).join(SEPARATOR)
}

const SEPARATOR = ' · '

/** Returns one line about an epoch. */
export function epochLine(
  { epoch, skippedImages, skippedPaths, corruptTestImages = [], ...report }: EpochReport,
  { epochs, metrics }: { epochs: number; metrics: MetricTable },
): string {
  const figures = Object.entries(metrics).map(
    ([key, metric]) => formatMetric(report.metrics[key], metric, 1) ?? metric.label,
  )
  const skipped =
    skippedImages === 0
      ? ''
      : `; ${skippedImages} corrupt training images skipped so far: ${firstOf(skippedPaths)}`
  const leftOut =
    corruptTestImages.length === 0
      ? ''
      : `; ${corruptTestImages.length} corrupt test images left out: ${firstOf(corruptTestImages)}`
  return `epoch ${epoch}/${epochs}: ${figures.join(', ')} on test images${leftOut}${skipped}`
}

function firstOf(paths: readonly string[]): string {
  return `${paths.slice(0, 5).join(', ')}${paths.length > 5 ? ', …' : ''}`
}

/** Returns one line about a skipped update. */
export function skippedLine({ step, loss, gradientNorm }: UpdateReport): string {
  return `step ${step}: not taken, loss ${formatFigure(loss)}, gradient norm ${formatFigure(gradientNorm)}`
}

/** Formats a duration: `42 s`, `3 min 20 s`, `4 h 05 min`, `2 d 03 h`. */
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  const [minutes, hours, days] = [60, 3600, 86_400].map(unit => Math.floor(seconds / unit)) as [
    number,
    number,
    number,
  ]
  const two = (value: number) => String(value).padStart(2, '0')
  if (days > 0) return `${days} d ${two(hours % 24)} h`
  if (hours > 0) return `${hours} h ${two(minutes % 60)} min`
  if (minutes > 0) return `${minutes} min ${two(seconds % 60)} s`
  return `${seconds} s`
}

function formatMetric(
  value: number | null | undefined,
  metric: MetricDescription,
  digits?: number,
): string | undefined {
  return typeof value === 'number' ? `${metric.label} ${formatValue(value, metric, digits)}` : undefined
}

/** `83.3 %`, or a number of three digits. */
export function formatValue(value: number, { unit }: MetricDescription, digits = 0): string {
  return unit === 'share' ? formatShare(value, digits) : formatFigure(value)
}

function formatFigure(value: number): string {
  if (!Number.isFinite(value)) return String(value)
  const size = Math.abs(value)
  if (size >= 100) return value.toFixed(0)
  return size !== 0 && size < 0.001 ? value.toExponential(1) : value.toPrecision(3)
}

function formatShare(share: number, digits: number): string {
  return Number.isNaN(share) ? 'NaN' : `${(100 * share).toFixed(digits)} %`
}

function formatGibibytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`
}
