import { type CertificationRow, labelRadius } from '../logs/certification-log'
import type { CertificationWatcher } from '../logs/certification-watcher'
import { type LiveLine, liveLine } from './live-line'
import { say } from './print'
import { formatDuration } from './training-line'

/** What is shown of a certification under way. */
interface CertificationFigures {
  readonly done: number
  readonly images: number
  /** Images certified by this process, which the speed is of. */
  readonly isNew: number
  readonly elapsedMs: number
  /** Of the images so far. */
  readonly averageRadius: number
  /** Shares of the images so far, by radius. */
  readonly accuracies: readonly { readonly radius: number; readonly share: number }[]
}

/**
 * Shows a certification on stderr: on a terminal one line that is drawn over itself, elsewhere a line for each twentieth
 * and at least every five minutes.
 *
 * @param options.radii - where certified accuracy is shown
 */
export function certificationProgress({
  radii,
}: {
  readonly radii: readonly number[]
}): CertificationWatcher {
  let line: LiveLine | undefined
  let begunMs = performance.now()
  const rows: CertificationRow[] = []
  let images = 0
  let isNew = 0
  let shown = { done: 0, ms: begunMs }
  return {
    onStart: total => {
      images = total
      begunMs = performance.now()
      if (process.stderr.isTTY) line = liveLine()
    },
    onImage: (done, image) => {
      rows.push(...image.rows)
      if (image.isNew) isNew += 1
      const figures = () =>
        figuresOf(rows, { radii, done, images, isNew, elapsedMs: performance.now() - begunMs })
      if (line !== undefined) line.show(columns => certificationLine(figures(), columns))
      else if (image.isNew && isDue(done, { shown, images })) {
        shown = { done, ms: performance.now() }
        say(certificationLine(figures()))
      }
    },
    onNote: note => (line === undefined ? say(note) : line.print(note)),
    onEnd: () => line?.stop(),
  }
}

const PLAIN_EVERY_MS = 300_000
const PLAIN_EVERY_SHARE = 0.05

function isDue(
  done: number,
  { shown, images }: { shown: { readonly done: number; readonly ms: number }; images: number },
): boolean {
  return (
    done === images ||
    done - shown.done >= PLAIN_EVERY_SHARE * images ||
    performance.now() - shown.ms >= PLAIN_EVERY_MS
  )
}

function figuresOf(
  rows: readonly CertificationRow[],
  {
    radii,
    ...known
  }: Omit<CertificationFigures, 'averageRadius' | 'accuracies'> & { radii: readonly number[] },
): CertificationFigures {
  const share = (counts: (row: CertificationRow) => number) =>
    rows.reduce((sum, row) => sum + counts(row), 0) / rows.length
  return {
    ...known,
    averageRadius: share(row => labelRadius(row) ?? 0),
    accuracies: radii.map(radius => ({
      radius,
      share: share(row => ((labelRadius(row) ?? -1) >= radius ? 1 : 0)),
    })),
  }
}

/** One line, not longer than the columns. */
export function certificationLine(
  { done, images, isNew, elapsedMs, averageRadius, accuracies }: CertificationFigures,
  columns = Number.POSITIVE_INFINITY,
): string {
  const perSecond = (1000 * isNew) / elapsedMs
  const fields = [
    `image ${done}/${images}`,
    isNew === 0 ? 'time left unknown' : `${formatDuration((1000 * (images - done)) / perSecond)} left`,
    `ACR ${averageRadius.toFixed(3)}`,
    ...accuracies.map(({ radius, share }) => `${(100 * share).toFixed(1)} % at r = ${radius}`),
    `${perSecond.toPrecision(3)} images/s`,
  ]
  let line = fields[0] as string
  for (const field of fields.slice(1)) {
    if (line.length + field.length + 3 > columns) break
    line += ` · ${field}`
  }
  return line.slice(0, Math.max(0, columns))
}
