import { passSizeOf } from '../queue/pass-size'
import { GREY_PIXEL } from './grey-pixel'
import type { LoadedSmoothed } from './loaded-smoothed'

/** So few copies that they are in one pass, which is padded to its size, and an α at which they could certify something. */
const ONE_PASS = { n0: 1, n: 2, alpha: 0.5 }

/** How long a prediction is expected to take while nothing else is asked. */
export interface ExpectedTime {
  /** Noisy copies that bound the probability of the class. */
  readonly n: number
  readonly seconds: number
}

/**
 * The time of a prediction with n0 and n of the settings: as many passes as its copies fill, each as long as one of a grey image.
 * Another pass before it warms up.
 *
 * @param options - `mostVotes`: n at most
 * @throws as `LoadedSmoothed.predict`
 */
export async function expectedTime(
  smoothed: Pick<LoadedSmoothed, 'config' | 'predict'>,
  { mostVotes }: { readonly mostVotes: number },
): Promise<ExpectedTime> {
  await smoothed.predict(GREY_PIXEL, ONE_PASS)
  const begunMs = performance.now()
  await smoothed.predict(GREY_PIXEL, ONE_PASS)
  const secondsPerPass = (performance.now() - begunMs) / 1000
  const { n0, n: wanted, batch } = smoothed.config.certification
  const n = Math.min(wanted, mostVotes)
  const passes = Math.ceil((Math.min(n0, n) + n) / passSizeOf({ batch, copies: batch }))
  return { n, seconds: passes * secondsPerPass }
}
