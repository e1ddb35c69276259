import type { Passes } from './objective'

/** The passes of an objective that treats all images alike, for each of them. */
export function exactPasses({
  denoiser,
  forward,
  backward,
}: {
  readonly denoiser: number
  readonly forward: number
  readonly backward: number
}): Passes {
  return {
    denoiserForward: denoiser,
    classifierForward: { least: forward, most: forward },
    classifierBackward: { least: backward, most: backward },
  }
}
