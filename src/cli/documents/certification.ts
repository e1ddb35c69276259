import { z } from 'zod'
import type { Analysis } from '../../analysis/analyze'
import { abstentionRate, averageCertifiedRadius, certifiedAccuracy } from '../../analysis/certified-accuracy'
import { type CertificationLog, missingImages } from '../../logs/certification-log-file'
import { classNamesOf } from '../../logs/class-names'

const share = z.number().min(0).max(1)
const radius = z.number().min(0)

const imageSchema = z.object({
  index: z.int().min(0).describe('Position of the image in its data set.'),
  label: z.int().min(0).describe('Label of the image, as position among the logits.'),
  outcome: z
    .enum(['certified', 'certified-at', 'predicted', 'abstains', 'undecided'])
    .describe('Result, as in the column `outcome` of the log.'),
  prediction: z.int().min(-1).describe('The predicted class, or -1 for none.'),
  className: z
    .string()
    .nullable()
    .describe('Name of the predicted class; null without a class or a known name.'),
  radius: radius.describe(
    'Largest certified radius in `configuration.norm`, for pixels in [0, 1]; 0 for none.',
  ),
  correct: z.boolean().describe('Whether the prediction equals the label.'),
  durationMs: z.number().min(0).describe('Time of the image in milliseconds.'),
})

/**
 * The output of `ft-cadis certify --json`. Removing a field or changing its meaning raises the version; adding a field
 * does not.
 */
export const certificationDocumentSchema = z.object({
  document: z.literal('certification').describe('Kind of this document.'),
  version: z.literal(1).describe('Version of this schema.'),
  log: z.string().describe('Path of the certification log, which also has the votes.'),
  configuration: z
    .record(z.string(), z.unknown())
    .nullable()
    .describe(
      'Everything that determines a row, as in `<log>.json`: σ, n0, n, α, seed, data, hashes of the weights.',
    ),
  missing: z.array(z.int().min(0)).describe('Planned images without a row.'),
  summary: z
    .object({
      averageCertifiedRadius: radius.describe('Mean over all images; 0 if wrong or abstained.'),
      abstained: share.describe('Share of images on which CERTIFY abstained.'),
      certifiedAccuracy: z
        .array(z.object({ radius, accuracy: share }))
        .describe('Share of images that are right and certified at least to that radius.'),
    })
    .describe('The figures that certify prints without --json.'),
  images: z.array(imageSchema).describe('One entry per image, in the order of the log.'),
  notes: z.array(z.string()).describe('Notes needed to interpret the figures.'),
})

export type CertificationDocument = z.output<typeof certificationDocumentSchema>

/**
 * Returns a certification log as a document.
 *
 * @param analysis - of this log only
 * @throws DataError for a log without rows
 */
export function certificationDocument(
  log: CertificationLog,
  analysis: Pick<Analysis, 'radii' | 'notes'>,
): CertificationDocument {
  const { file, rows, metadata } = log
  const names = classNamesOf(log)
  const { radii, notes } = analysis
  const accuracies = certifiedAccuracy(rows, radii)
  return {
    ...{ document: 'certification', version: 1, log: file },
    configuration: metadata?.configuration ?? null,
    missing: missingImages(log),
    summary: {
      averageCertifiedRadius: averageCertifiedRadius(rows),
      abstained: abstentionRate(rows),
      certifiedAccuracy: radii.map((at, place) => ({ radius: at, accuracy: accuracies[place] ?? 0 })),
    },
    images: rows.map(({ index, label, finding, prediction, radius: certified, correct, durationMs }) => ({
      ...{ index, label, outcome: finding.kind, prediction },
      className: names[prediction] ?? null,
      ...{ radius: certified, correct, durationMs },
    })),
    notes: [...notes],
  }
}
