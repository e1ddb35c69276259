import type { GridImage, ImageGrid } from '../../analysis/report'
import type { DenoisedSamples } from '../watchers/denoised-samples'

/** Clean and denoised images as a grid of a report, with what a classifier sees in them. */
export function sampleGrid(
  samples: readonly DenoisedSamples[],
  { classes, caption }: { classes: readonly string[]; caption: string },
): ImageGrid {
  const noises = Math.max(0, ...samples.map(({ denoised }) => denoised.length))
  const name = (label: number) => classes[label] ?? String(label)
  return {
    caption,
    columnLabels: ['clean', ...Array.from({ length: noises }, (_, noise) => `noise ${noise + 1}`)],
    rows: samples.map(({ index, label, clean, denoised }) => ({
      label: name(label),
      images: [
        { png: clean, alt: `clean image ${index}, class ${name(label)}` },
        ...denoised.map(
          ({ png, predicted, kept }): GridImage => ({
            png,
            frame: kept ? 'kept' : 'hallucinated',
            note: name(predicted),
            alt: `denoised image of class ${name(label)}, seen as ${name(predicted)}`,
          }),
        ),
      ],
    })),
  }
}
