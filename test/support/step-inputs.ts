import { drawNoise, type StepInputs, smoothingOf, type torch, toSymmetric } from '../../src'

/** What a step is recorded from, of given images: noise that is drawn in the trainer's way. */
export function stepInputs(
  {
    classifier,
    denoiser,
  }: { readonly classifier: torch.Classifier; readonly denoiser: torch.Denoiser | null },
  batch: torch.Batch,
  {
    sigma,
    noises,
    generator,
  }: { readonly sigma: number; readonly noises: number; readonly generator: torch.Generator },
): Pick<StepInputs, 'networks' | 'smoothing' | 'batch' | 'clean_BCHW' | 'noise_MBCHW'> {
  const clean_BCHW = toSymmetric(batch.images_BCHW)
  return {
    networks: { classifier },
    smoothing: smoothingOf(denoiser, sigma),
    batch,
    clean_BCHW,
    noise_MBCHW: drawNoise(clean_BCHW, { noises, generator }),
  }
}
