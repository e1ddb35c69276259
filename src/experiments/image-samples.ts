import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { GridImage, ReportSection } from '../analysis/report'
import type { Session } from '../bridge'
import { writeWhole } from '../files/write'
import { toSymmetric } from '../smoothing/denoise'
import { drawNoise, seenCopies, smoothingOf } from '../smoothing/smoothing'
import {
  argmax,
  type Classifier,
  type Dataset,
  type Denoiser,
  encodePng,
  exp,
  flatten,
  generator,
  logSoftmax,
  max,
  noGrad,
} from '../torch'
import type { ResolvedArm } from './arms'
import type { Experiment } from './definition'

/** What the classifier of an arm makes of one denoised image. */
export interface Verdict {
  readonly predicted: number
  /** Probability that it gives the predicted class. */
  readonly confidence: number
}

/** Denoised images of one noise level, and what each arm of it sees in them. */
export interface SamplesOfSigma {
  readonly sigma: number
  readonly images: readonly {
    readonly index: number
    readonly label: number
    /** PNG files in base64. */
    readonly clean: string
    readonly denoised: readonly string[]
  }[]
  /** By arm, then by image and noise. */
  readonly arms: readonly { readonly key: string; readonly verdicts: readonly (readonly Verdict[])[] }[]
}

export interface ImageSamples {
  readonly classes: readonly string[]
  readonly sigmas: readonly SamplesOfSigma[]
}

/** Larger pictures are shrunk to so many pixels a side. */
const LARGEST = 144
const NOISES = 6

/** Denoises images, the same ones under the same noise for all arms of a noise level, and asks each arm about them. */
export async function imageSamples(
  session: Session,
  { denoiser, dataset }: { denoiser: Denoiser | null; dataset: Dataset },
  {
    arms,
    indices,
    seed,
  }: {
    arms: readonly { readonly arm: ResolvedArm; readonly classifier: Classifier }[]
    indices: readonly number[]
    seed: number
  },
): Promise<ImageSamples> {
  const sigmas: SamplesOfSigma[] = []
  for (const sigma of new Set(arms.map(({ arm }) => arm.sigma))) {
    const own = arms.filter(({ arm }) => arm.sigma === sigma)
    const smoothing = smoothingOf(denoiser, sigma)
    const read = await session.compute(() =>
      indices.map(index =>
        session.scope(() => {
          const { images_BCHW, labels_B } = dataset.images([index])
          const clean_BCHW = toSymmetric(images_BCHW)
          const noise = generator(session, seed, 'samples', index)
          const noise_MBCHW = drawNoise(clean_BCHW, { noises: NOISES, generator: noise })
          const denoised_NCHW = flatten(
            seenCopies(smoothing, clean_BCHW, { noise_MBCHW, noises: NOISES }),
            'MB',
            'N',
          )
          return {
            label: labels_B,
            clean: encodePng(flatten(clean_BCHW, 'B', 'N'), { largest: LARGEST }),
            denoised: encodePng(denoised_NCHW, { largest: LARGEST }),
            verdicts: own.map(({ classifier }) =>
              noGrad(session, () => {
                const logProbabilities_NK = logSoftmax(classifier.classify(denoised_NCHW), 'K')
                return {
                  predicted: argmax(logProbabilities_NK, 'K'),
                  confidence: exp(max(logProbabilities_NK, 'K')),
                }
              }),
            ),
          }
        }),
      ),
    )
    sigmas.push({
      sigma,
      images: read.map(({ label, clean, denoised }, image) => ({
        index: indices[image] ?? -1,
        label: label[0] ?? -1,
        clean: clean[0] ?? '',
        denoised,
      })),
      arms: own.map(({ arm }, position) => ({
        key: arm.arm.key,
        verdicts: read.map(({ verdicts }) => {
          const { predicted = [], confidence = [] } = verdicts[position] ?? {}
          return predicted.map((label, noise) => ({ predicted: label, confidence: confidence[noise] ?? 0 }))
        }),
      })),
    })
  }
  return { classes: dataset.description.classes, sigmas }
}

export function imageSamplesPath({ name }: Pick<Experiment, 'name'>, output: string): string {
  return join(output, name, 'samples.json')
}

export async function writeImageSamples(
  experiment: Experiment,
  { output, samples }: { output: string; samples: ImageSamples },
): Promise<void> {
  const path = imageSamplesPath(experiment, output)
  await mkdir(join(path, '..'), { recursive: true })
  await writeWhole(path, JSON.stringify(samples))
}

export async function readImageSamples(experiment: Experiment, output: string): Promise<ImageSamples> {
  return JSON.parse(await readFile(imageSamplesPath(experiment, output), 'utf8')) as ImageSamples
}

/** A grid for each arm: kept and hallucinated images, with the class that it sees and how sure it is. */
export function imageSections(
  { classes, sigmas }: ImageSamples,
  arms: readonly { readonly arm: { readonly key: string; readonly label: string } }[],
): ReportSection[] {
  const name = (label: number) => classes[label] ?? String(label)
  return sigmas.flatMap(({ sigma, images, arms: asked }) =>
    asked.map(({ key, verdicts }): ReportSection => {
      const flat = verdicts.flatMap((row, image) =>
        row.map(({ predicted }) => predicted === images[image]?.label),
      )
      const label = arms.find(({ arm }) => arm.key === key)?.arm.label ?? key
      return {
        kind: 'imageGrid',
        // Arms of several noise levels have theirs in their labels.
        title: sigmas.length > 1 ? label : `${label}, σ = ${sigma}`,
        grid: {
          caption:
            `${flat.filter(Boolean).length} of ${flat.length} denoised images are kept: the classifier gives them their label. ` +
            'Below each, the class that it sees and the probability that it gives it.',
          columnLabels: ['clean', ...Array.from({ length: NOISES }, (_, noise) => `noise ${noise + 1}`)],
          rows: images.map(({ index, label: truth, clean, denoised }, image) => ({
            label: name(truth),
            images: [
              { png: clean, alt: `clean image ${index}, class ${name(truth)}` },
              ...denoised.map((png, noise): GridImage => {
                const { predicted = -1, confidence = 0 } = verdicts[image]?.[noise] ?? {}
                return {
                  png,
                  frame: predicted === truth ? 'kept' : 'hallucinated',
                  note: `${name(predicted)} ${(100 * confidence).toFixed(0)} %`,
                  alt: `denoised image of class ${name(truth)}, seen as ${name(predicted)}`,
                }
              }),
            ],
          })),
        },
      }
    }),
  )
}
