import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { writeWhole } from '../../files/write'
import { evenlySpread } from '../evenly-spread'
import type { RunStart } from '../reports'
import { type DenoisedSamples, denoisedSamples } from './denoised-samples'

/** Number of sample images of a run. */
const SHOWN_IMAGES = 6
/** Largest number of denoised images shown per image. */
const SHOWN_NOISES = 4
/** Side of a picture in pixels; a page shows no more. */
const LARGEST = 144

/** The content of `samples/epoch-NN.json`: test images with the same noise in every epoch. */
export interface SamplesFile {
  /** Completed epochs; 0 before the first update. */
  readonly epoch: number
  readonly step: number
  readonly classes: readonly string[]
  readonly samples: readonly DenoisedSamples[]
}

/**
 * Denoises a few test images, always the same ones with the same noise. Writes them with the classifier's verdict to
 * `samples/epoch-NN.json` and, as one drawing, to `samples/epoch-NN.png`. One round trip.
 *
 * @returns the drawing, a PNG file in base64
 */
export async function writeSamples(
  { networks, smoothing, testSet, noises, config }: RunStart,
  folder: string,
  { epoch, step }: { epoch: number; step: number },
): Promise<string> {
  const { length, classes } = testSet.description
  // Data sets are often sorted by class.
  const spread = evenlySpread(length, SHOWN_IMAGES)
  const leavesOut = 'onCorrupt' in config.data && config.data.onCorrupt === 'skip'
  const { corrupt } = leavesOut
    ? await testSet.session.compute(() => ({ corrupt: testSet.corruptImages(spread) }))
    : { corrupt: [] }
  const { samples, drawing } = await denoisedSamples(
    { classifier: networks.classifier.description.family === 'none' ? null : networks.classifier, smoothing },
    testSet,
    {
      indices: spread.filter(image => !corrupt.some(({ index }) => index === image)),
      noises: Math.min(noises, SHOWN_NOISES),
      seed: config.seed,
      largest: LARGEST,
      showsNoisy: networks.denoiser !== undefined,
    },
  )
  const file: SamplesFile = { epoch, step, classes, samples }
  const name = join(folder, 'samples', `epoch-${String(epoch).padStart(2, '0')}`)
  await mkdir(join(folder, 'samples'), { recursive: true })
  await writeWhole(`${name}.json`, JSON.stringify(file))
  await writeWhole(`${name}.png`, Buffer.from(drawing, 'base64'))
  return drawing
}
