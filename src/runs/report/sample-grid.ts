import type { GridImage, ImageGrid } from '../../analysis/report'
import type { DenoisedSamples } from '../watchers/denoised-samples'

const CONFIDENCE =
  'Below each, the class that the classifier sees and the probability that it gives that class.'

/** Returns clean and denoised images as a grid of a report, with the predictions and confidence of a classifier. */
export function sampleGrid(
  samples: readonly DenoisedSamples[],
  { classes, caption }: { classes: readonly string[]; caption: string },
): ImageGrid {
  const noises = Math.max(0, ...samples.map(({ denoised }) => denoised.length))
  const isSure = samples.some(({ denoised }) => denoised.some(({ confidence }) => confidence !== undefined))
  const hasNoisy = samples.some(({ noisy }) => noisy !== undefined)
  const name = (label: number) => classes[label] ?? String(label)
  return {
    caption: isSure ? `${caption} ${CONFIDENCE}` : caption,
    columnLabels: [
      'clean',
      ...(hasNoisy ? ['noisy'] : []),
      ...Array.from({ length: noises }, (_, noise) => `noise ${noise + 1}`),
    ],
    rows: samples.map(({ index, label, clean, noisy, denoised }) => ({
      label: name(label),
      images: [
        { png: clean, alt: `clean image ${index}, class ${name(label)}` },
        ...(noisy === undefined ? [] : [{ png: noisy, alt: `noisy image ${index}, class ${name(label)}` }]),
        ...denoised.map(({ png, predicted, confidence, kept }): GridImage => {
          if (predicted === undefined) return { png, alt: `denoised image of class ${name(label)}` }
          return {
            png,
            frame: kept ? 'kept' : 'hallucinated',
            note:
              confidence === undefined
                ? name(predicted)
                : `${name(predicted)} ${(100 * confidence).toFixed(0)} %`,
            alt: `denoised image of class ${name(label)}, seen as ${name(predicted)}`,
          }
        }),
      ],
    })),
  }
}
