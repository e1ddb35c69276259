import { type CertificationRow, labelRadius } from '../logs/certification-log'
import type { CertificationWatcher } from '../logs/certification-watcher'
import { compilingPhase } from './compiling'
import { type LiveLine, liveLine } from './live-line'
import { say } from './print'
import { formatDuration } from './training-line'
import { type TimedWork, workClock } from './work-clock'

/** The displayed figures of a certification, or of predictions, in progress. */
interface CertificationFigures {
  readonly done: number
  readonly images: number
  /** The work on which the speed is based, see {@link workClock}. */
  readonly timed: TimedWork
  /** For the current image, if counted: noisy copies that have voted, and their total. */
  readonly copies?: { readonly voted: number; readonly of: number } | undefined
  /** Noisy copies per image; undefined if each image needs a different number. */
  readonly copiesPerImage?: number | undefined
  /** Of the images so far; undefined of images without labels. */
  readonly averageRadius?: number
  /** Shares of the images so far, by radius. */
  readonly accuracies?: readonly { readonly radius: number; readonly share: number }[]
}

/**
 * Shows a certification on stderr: on a terminal as one updating line, elsewhere a line for each twentieth and at least
 * every five minutes.
 *
 * @param options - `radii`: the radii of the displayed certified accuracy; `copiesPerImage`: noisy copies per image, for an estimate before
 *   the first image is done
 */
export function certificationProgress({
  radii,
  copiesPerImage,
}: {
  readonly radii: readonly number[]
  readonly copiesPerImage?: number | undefined
}): CertificationWatcher {
  let line: LiveLine | undefined
  const rows: CertificationRow[] = []
  let images = 0
  let shown = { done: 0, ms: performance.now() }
  let done = 0
  let copies: { readonly voted: number; readonly of: number } | undefined
  const print = (text: string) => (line === undefined ? say(text) : line.print(text))
  const compiling = compilingPhase(print)
  const clock = workClock({ pausedMs: compiling.spentMs })
  const figures = () =>
    figuresOf(rows, {
      ...{ radii, done, images, timed: clock.read(), copies, copiesPerImage },
    })
  const show = (isDue: boolean) => {
    if (line !== undefined)
      line.show(columns => compiling.line()?.slice(0, columns) ?? certificationLine(figures(), columns))
    else if (isDue) {
      shown = { done, ms: performance.now() }
      say(certificationLine(figures()))
    }
  }
  return {
    onStart: total => {
      images = total
      if (process.stderr.isTTY) line = liveLine()
      show(false)
    },
    onImage: (after, image) => {
      rows.push(...image.rows)
      done = after
      copies = undefined
      if (image.isNew) clock.image()
      show(image.isNew && isDue(done, { shown, images }))
    },
    onCopies: (voted, of) => {
      copies = { voted, of }
      clock.copies(voted, of)
      show(performance.now() - shown.ms >= PLAIN_EVERY_MS)
    },
    onNote: print,
    onCompiling: compiling.onCompiling,
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
    rows.length === 0 ? 0 : rows.reduce((sum, row) => sum + counts(row), 0) / rows.length
  return {
    ...known,
    averageRadius: share(row => labelRadius(row) ?? 0),
    accuracies: radii.map(radius => ({
      radius,
      share: share(row => ((labelRadius(row) ?? -1) >= radius ? 1 : 0)),
    })),
  }
}

/** Returns one line that fits the columns. */
export function certificationLine(figures: CertificationFigures, columns = Number.POSITIVE_INFINITY): string {
  const { done, images, timed, averageRadius, accuracies = [], copies } = figures
  const perSecond = (1000 * timed.images) / timed.elapsedMs
  const found = [
    ...(averageRadius === undefined ? [] : [`ACR ${averageRadius.toFixed(3)}`]),
    ...accuracies.map(({ radius, share }) => `${(100 * share).toFixed(1)} % at r = ${radius}`),
  ]
  const fields = [
    `image ${done}/${images}`,
    ...(copies === undefined ? [] : [`${grouped(copies.voted)} of ${grouped(copies.of)} copies`]),
    timeLeft(figures),
    ...(done === 0 ? [] : found),
    ...(timed.images === 0 ? [] : [`${perSecond.toPrecision(3)} images/s`]),
  ]
  let line = fields[0] as string
  for (const field of fields.slice(1)) {
    if (line.length + field.length + 3 > columns) break
    line += ` · ${field}`
  }
  return line.slice(0, Math.max(0, columns))
}

/**
 * Estimates the remaining time from certified images; before the first one, from voted copies if all images need equally
 * many.
 */
function timeLeft({ done, images, timed, copiesPerImage }: CertificationFigures): string {
  const left = images - done
  if (timed.images > 0 || left === 0)
    return `${formatDuration(left && (timed.elapsedMs * left) / timed.images)} left`
  if (timed.copies === 0 || copiesPerImage === undefined) return 'time left unknown'
  return `about ${formatDuration((timed.elapsedMs * copiesPerImage * left) / timed.copies)} in all`
}

/** Formats a number as `100,100`. */
function grouped(count: number): string {
  return count.toLocaleString('en-US')
}
