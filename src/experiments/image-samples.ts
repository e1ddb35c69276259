import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import type { ReportSection } from '../analysis/report'
import { DataError } from '../errors'
import { readJson } from '../files/read-json'
import { writeWhole } from '../files/write'
import { sampleGrid } from '../runs/report/sample-grid'
import {
  type DenoisedImage,
  denoisedImages,
  samplesOf,
  type Verdict,
} from '../runs/watchers/denoised-samples'
import { smoothingOf } from '../smoothing/smoothing'
import type { AnyDenoiser, Classifier, Dataset } from '../torch'
import type { ResolvedArm } from './arms'
import type { Experiment } from './definition'

/** Denoised images of one noise level, and each arm's class for them. */
interface SamplesOfSigma {
  readonly sigma: number
  readonly images: readonly DenoisedImage[]
  /** By arm, then by image and noise. */
  readonly arms: readonly { readonly key: string; readonly verdicts: readonly (readonly Verdict[])[] }[]
}

/** The content of an experiment's `samples.json`. */
export interface ImageSamples {
  readonly classes: readonly string[]
  readonly sigmas: readonly SamplesOfSigma[]
}

const samplesSchema: z.ZodType<ImageSamples> = z.object({
  classes: z.array(z.string()),
  sigmas: z.array(
    z.object({
      sigma: z.number(),
      images: z.array(
        z.object({ index: z.int(), label: z.int(), clean: z.base64(), denoised: z.array(z.base64()) }),
      ),
      arms: z.array(
        z.object({
          key: z.string(),
          verdicts: z.array(z.array(z.object({ predicted: z.int(), confidence: z.number() }))),
        }),
      ),
    }),
  ),
})

/** Larger pictures are shrunk to this many pixels a side. */
const LARGEST = 144
const NOISES = 6

/** Denoises images, the same ones under the same noise for all arms of a noise level, and classifies them with each arm. */
export async function imageSamples(
  { denoiser, dataset }: { readonly denoiser: AnyDenoiser | null; readonly dataset: Dataset },
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
  // Noise after a first layer cannot be displayed.
  const shown = arms.filter(({ arm }) => arm.config.smoothing.noiseAfter === undefined)
  for (const sigma of new Set(shown.map(({ arm }) => arm.sigma))) {
    const own = shown.filter(({ arm }) => arm.sigma === sigma)
    const smoothing = smoothingOf(denoiser, sigma)
    const { images, verdicts } = await denoisedImages(
      { classifiers: own.map(({ classifier }) => classifier), smoothing },
      dataset,
      { indices, noises: NOISES, seed, largest: LARGEST },
    )
    const asked = own.map(({ arm }, position) => ({ key: arm.arm.key, verdicts: verdicts[position] ?? [] }))
    sigmas.push({ sigma, images, arms: asked })
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
  await mkdir(dirname(path), { recursive: true })
  await writeWhole(path, JSON.stringify(samples))
}

/** @throws DataError if there are none, or they are damaged */
export async function readImageSamples(experiment: Experiment, output: string): Promise<ImageSamples> {
  const path = imageSamplesPath(experiment, output)
  const samples = await readJson(path, { schema: samplesSchema })
  if (samples !== undefined) return samples
  throw new DataError(`The denoised images ${path} do not exist.`, {
    remedy: 'Run the experiment to its end.',
  })
}

/** Makes a grid per arm: kept and hallucinated images, with the arm's class and confidence. */
export function imageSections(
  { classes, sigmas }: ImageSamples,
  arms: readonly { readonly arm: { readonly key: string; readonly label: string } }[],
): ReportSection[] {
  return sigmas.flatMap(({ sigma, images, arms: asked }) =>
    asked.map(({ key, verdicts }): ReportSection => {
      const samples = images.map((image, position) => samplesOf(image, verdicts[position] ?? []))
      const flat = samples.flatMap(({ denoised }) => denoised)
      const label = arms.find(({ arm }) => arm.key === key)?.arm.label ?? key
      return {
        kind: 'imageGrid',
        // With several noise levels, the labels of arms contain theirs.
        title: `Kept and hallucinated images: ${sigmas.length > 1 ? label : `${label}, σ = ${sigma}`}`,
        isFolded: true,
        grid: sampleGrid(samples, {
          classes,
          caption: `${flat.filter(({ kept }) => kept).length} of ${flat.length} denoised images are kept: the classifier gives them their label.`,
        }),
      }
    }),
  )
}
