import type { Passes } from './objective'

/** Returns the passes per image of an objective that treats all images alike. */
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
