import { z } from 'zod'
import { boundOf } from '../../certification/guarantee'
import type { ImagePrediction } from '../../certification/predict'
import type { CertificationRunConfig } from '../../config/schema'

const share = z.number().min(0).max(1)
const count = z.int().min(0)

const imageSchema = z.object({
  file: z.string().describe('The image file.'),
  className: z.string().nullable().describe('Name of the class; null if abstained or the name is unknown.'),
  verdict: z
    .enum(['certified', 'predicted', 'abstained'])
    .describe('certified: class and radius; predicted: class, without a radius above 0; abstained: neither.'),
  prediction: z.int().min(-1).describe('Class as position among the logits, or -1 if abstained.'),
  radius: z
    .number()
    .min(0)
    .describe(
      'Radius in `norm`, for pixels in [0, 1], within which the class stays the same; 0 unless the verdict is certified.',
    ),
  lowerBound: share.describe(
    'Lower bound on the probability, under the noise, of the class selected by CERTIFY.',
  ),
  pValue: share.describe('Two-sided p-value of "the two leading classes are equally likely".'),
  topClass: z.int().min(-1).describe('The class with the most votes.'),
  topCount: count.describe('Its votes.'),
  runnerUp: z.int().min(-1).describe('The class with the second most votes.'),
  runnerUpCount: count.describe('Its votes.'),
  n: count.describe('Number of votes of the estimation.'),
})

/**
 * The output of `ft-cadis predict --json`. Removing a field or changing its meaning raises the version; adding a field
 * does not.
 */
export const predictionDocumentSchema = z.object({
  document: z.literal('prediction').describe('Kind of this document.'),
  version: z.literal(1).describe('Version of this schema.'),
  settings: z
    .record(z.string(), z.unknown())
    .describe('The settings with all defaults, see certification.json.'),
  norm: z.enum(['l1', 'l2']).describe('The norm of all radii: l2, or l1 for uniform noise.'),
  predictions: z.array(imageSchema).describe('One entry per image, in the order of the files.'),
})

export type PredictionDocument = z.output<typeof predictionDocumentSchema>

/** Returns predictions for image files as a document. */
export function predictionDocument(
  settings: CertificationRunConfig,
  predictions: readonly ImagePrediction[],
): PredictionDocument {
  const { certification, smoothing } = settings
  const { norm } = boundOf(certification.noise, smoothing.sigma)
  return {
    ...{ document: 'prediction', version: 1, settings: { ...settings }, norm },
    predictions: [...predictions],
  }
}
