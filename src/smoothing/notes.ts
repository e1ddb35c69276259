import type { CertificationRunConfig, ClassifierConfig, SmoothingConfig } from '../config/schema'
import type { Dataset } from '../torch'
import { isSameNormalisation, type Normalisation, showNormalisation, statedBy } from './stated-by-weights'

/** Notes on things that people overlook, a sentence each; none of them blocks a certification. */

/** Notes that FT-CADIS needs a denoiser, and where to get one. */
export function notesOnDenoiser({
  smoothing,
  method,
}: {
  readonly smoothing: Pick<SmoothingConfig, 'denoiser'>
  readonly method: { readonly kind: string }
}): string[] {
  if (method.kind !== 'ft-cadis' || smoothing.denoiser.source !== 'none') return []
  return [
    'FT-CADIS fine-tunes on denoised images, and smoothing.denoiser is none: the classifier will be fine-tuned on noisy images. To train a denoiser on your images: ft-cadis train --preset denoiser.diffusion --data <folder> --image-size <pixels>, then give its run as --denoiser. docs/denoiser-for-your-images.md says which published one fits, and how long it takes.',
  ]
}

/** Published noise levels are at most 1. */
const LARGE_SIGMA = 2

/** Notes that a noise level hides every image: it may be of pixels from 0 to 255. */
export function notesOnSigma({ sigma, noiseAfter }: Pick<SmoothingConfig, 'sigma' | 'noiseAfter'>): string[] {
  if (sigma <= LARGE_SIGMA || noiseAfter !== undefined) return []
  return [
    `sigma is ${sigma}, for pixels in [0, 1]: such noise hides every image, and a certificate then says that all images get one class. Published values are 0.12 to 1. If it is of pixels from 0 to 255, give ${(sigma / 255).toPrecision(3)}.`,
  ]
}

/**
 * Notes if the classifier's folder states another input range than the settings.
 *
 * A checkpoint gets none: it was trained with the range of its settings.
 *
 * @throws DataError if a file of the folder is not JSON
 */
export async function notesOnInputRange({
  classifier,
  checkpoint,
}: Pick<CertificationRunConfig, 'classifier' | 'checkpoint'>): Promise<string[]> {
  if (checkpoint !== undefined) return []
  const { normalisation: said } = await statedBy(classifier)
  if (said === undefined || isSameNormalisation(said.value, ownRange(classifier))) return []
  const { inputRange } = classifier
  const set = inputRange === 'symmetric' ? '"symmetric"' : showNormalisation(inputRange)
  return [
    `${said.file} says that the classifier was trained with ${showNormalisation(said.value)}, but classifier.inputRange is ${set}. Unless it was trained further otherwise, set classifier.inputRange to { mean, std } of that file.`,
  ]
}

function ownRange({ inputRange }: ClassifierConfig): Normalisation {
  return inputRange === 'symmetric' ? { mean: [0.5], std: [0.5] } : inputRange
}

/** Notes if all chosen images belong to one class. */
export async function notesOnChoice(dataset: Dataset, indices: readonly number[]): Promise<string[]> {
  const { classes, logits } = dataset.description
  if (indices.length < 2 || classes.length < 2) return []
  const { labels } = await dataset.session.compute(() => ({ labels: dataset.labels(indices) }))
  const [first] = labels
  if (first === undefined || labels.some(label => label !== first)) return []
  const name = classes[logits === null ? first : logits.indexOf(first)]
  return [
    `All ${indices.length} images to certify are of one class, ${JSON.stringify(name)}: files are in the order of their classes. over-classes:${indices.length} draws equally from all classes.`,
  ]
}
