import { join } from 'node:path'
import { z } from 'zod'
import type { CertificationRunConfig, ClassifierConfig, SmoothingConfig } from '../config/schema'
import { readJson } from '../files/read-json'
import type { Dataset } from '../torch'

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

const numbers = z.union([z.number(), z.array(z.number()).min(1)])
const timmSchema = z.object({ pretrained_cfg: z.object({ mean: numbers, std: numbers }) })
const transformersSchema = z.object({
  do_normalize: z.boolean().default(true),
  image_mean: numbers,
  image_std: numbers,
})

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
  const { path } = classifier
  if (path === undefined || checkpoint !== undefined) return []
  const said = await normalisationIn(classifier.source, path)
  if (said === undefined || isSame(said, classifier.inputRange)) return []
  const show = ({ mean, std }: Normalisation) => `mean [${mean.join(', ')}] and std [${std.join(', ')}]`
  const set = classifier.inputRange === 'symmetric' ? '"symmetric"' : show(classifier.inputRange)
  return [
    `${said.file} says that the classifier was trained with ${show(said)}, but classifier.inputRange is ${set}. Unless it was trained further otherwise, set classifier.inputRange to { mean, std } of that file.`,
  ]
}

interface Normalisation {
  readonly mean: readonly number[]
  readonly std: readonly number[]
}

async function normalisationIn(
  source: ClassifierConfig['source'],
  path: string,
): Promise<(Normalisation & { readonly file: string }) | undefined> {
  if (source === 'timm') {
    const file = join(path, 'config.json')
    const { data } = timmSchema.safeParse(await readJson(file))
    return data && { file, mean: [data.pretrained_cfg.mean].flat(), std: [data.pretrained_cfg.std].flat() }
  }
  if (source !== 'transformers') return undefined
  const file = join(path, 'preprocessor_config.json')
  const { data } = transformersSchema.safeParse(await readJson(file))
  return data?.do_normalize === true
    ? { file, mean: [data.image_mean].flat(), std: [data.image_std].flat() }
    : undefined
}

function isSame({ mean, std }: Normalisation, range: ClassifierConfig['inputRange']): boolean {
  const own = range === 'symmetric' ? { mean: [0.5], std: [0.5] } : range
  const isClose = (a: readonly number[], b: readonly number[]) =>
    Array.from({ length: Math.max(a.length, b.length) }).every(
      (_, channel) => Math.abs((a[channel] ?? a[0] ?? 0) - (b[channel] ?? b[0] ?? 0)) < 1e-3,
    )
  return isClose(mean, own.mean) && isClose(std, own.std)
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
