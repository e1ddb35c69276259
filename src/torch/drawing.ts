import { PlainHandle, type Session } from '../bridge'
import type { Tensor } from './tensor'

/** An image and denoised images of it, all in [-1, 1], and whether these are kept. */
export interface DrawnSamples {
  readonly clean_BCHW: Tensor<'BCHW'>
  /** A noisy image, to be shown beside the clean one; of all images or of none. */
  readonly noisy_BCHW?: Tensor<'BCHW'> | undefined
  readonly denoised_MBCHW: Tensor<'MBCHW'>
  /** Of all images or of none: without it nothing is framed. */
  readonly kept_MB?: Tensor<'MB', boolean> | undefined
}

/**
 * One PNG file in base64, with a row for each image (B is 1): clean, noisy if it is given, then denoised, in green frames
 * where kept and in dashed red ones where hallucinated. Images are shown with 64 to 128 pixels a side.
 */
export function drawSamples(session: Session, samples: readonly DrawnSamples[]): PlainHandle<string> {
  const takes = samples.flatMap(({ clean_BCHW, noisy_BCHW, denoised_MBCHW, kept_MB }) => [
    clean_BCHW,
    ...(noisy_BCHW === undefined ? [] : [noisy_BCHW]),
    denoised_MBCHW,
    ...(kept_MB === undefined ? [] : [kept_MB]),
  ])
  const [first] = samples
  return session.record('draw_samples', takes, {
    parameters: {
      plain: first?.noisy_BCHW === undefined ? 1 : 2,
      has_verdicts: first?.kept_MB !== undefined,
    },
    make: (owner, id) => new PlainHandle<string>(owner, id),
  })
}
