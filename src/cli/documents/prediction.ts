import { z } from 'zod'
import { boundOf } from '../../certification/guarantee'
import type { ImagePrediction } from '../../certification/predict'
import type { CertificationRunConfig } from '../../config/schema'

const share = z.number().min(0).max(1)
const count = z.int().min(0)

const imageSchema = z.object({
  file: z.string().describe('The image file.'),
  className: z
    .string()
    .nullable()
    .describe('Name of the class; null where it abstains, or nothing says what classes are called.'),
  verdict: z
    .enum(['certified', 'predicted', 'abstained'])
    .describe('certified: class and radius; predicted: class, with no radius above 0; abstained: neither.'),
  prediction: z.int().min(-1).describe('Class as position among the logits, or -1 where it abstains.'),
  radius: z
    .number()
    .min(0)
    .describe(
      'Radius in `norm`, for pixels in [0, 1], within which the class is the same; 0 unless the verdict is certified.',
    ),
  lowerBound: share.describe(
    'Lower bound of the probability under the noise of the class that CERTIFY looked at.',
  ),
  pValue: share.describe('Two-sided p-value of "the two leading classes are equally likely".'),
  topClass: z.int().min(-1).describe('The class with the most votes.'),
  topCount: count.describe('Its votes.'),
  runnerUp: z.int().min(-1).describe('The class with the second most votes.'),
  runnerUpCount: count.describe('Its votes.'),
  n: count.describe('Votes of the estimation.'),
})

/** What `ft-cadis predict --json` prints. A field that changes its meaning, or goes, raises the version; a new one does not. */
export const predictionDocumentSchema = z.object({
  document: z.literal('prediction').describe('What this is.'),
  version: z.literal(1).describe('Version of this schema.'),
  settings: z
    .record(z.string(), z.unknown())
    .describe('The settings with every default, see certification.json.'),
  norm: z.enum(['l1', 'l2']).describe('The norm of all radii: l2, and of uniform noise l1.'),
  predictions: z.array(imageSchema).describe('An entry an image, in the order of the files.'),
})

export type PredictionDocument = z.output<typeof predictionDocumentSchema>

/** What is said of image files, as a document. */
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
