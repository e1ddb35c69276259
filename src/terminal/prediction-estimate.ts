import { say } from './print'
import { formatDuration } from './training-line'
import { SAME_PASS_MS, workClock } from './work-clock'

/** Predictions that are shorter need no estimate: of a shorter time it would not hold either. */
const WORTH_SAYING_MS = 1000

/**
 * Says once on stderr how many images are classified, and about how long that takes, where it is not a terminal, which has a bar. The
 * first pass warms up, so that the estimate comes some seconds after it: as of the end of a pass, when the next one is done.
 */
export function predictionEstimate({
  images,
  copiesPerImage,
}: {
  readonly images: number
  readonly copiesPerImage: number
}): { image(): void; copies(voted: number, of: number): void } {
  const clock = workClock()
  let done = 0
  let isSaid = process.stderr.isTTY === true
  let before = { elapsedMs: 0, work: 0 }
  const tell = () => {
    const { elapsedMs, images: timed, copies } = clock.read()
    const isNextPass = elapsedMs - before.elapsedMs > SAME_PASS_MS
    if (!isSaid && isNextPass && before.work > 0 && before.elapsedMs >= WORTH_SAYING_MS && done < images) {
      isSaid = true
      const count = images === 1 ? '1 image' : `${images} images`
      say(`classifying ${count}, about ${formatDuration((before.elapsedMs * images) / before.work)} in all`)
    }
    before = { elapsedMs, work: timed + copies / copiesPerImage }
  }
  return {
    image: () => {
      done += 1
      clock.image()
      tell()
    },
    copies: (voted, of) => {
      clock.copies(voted, of)
      tell()
    },
  }
}
