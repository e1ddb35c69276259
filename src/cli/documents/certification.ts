import { z } from 'zod'
import type { Analysis } from '../../analysis/analyze'
import { abstentionRate, averageCertifiedRadius, certifiedAccuracy } from '../../analysis/certified-accuracy'
import { type CertificationLog, missingImages } from '../../logs/certification-log-file'
import { classNamesOf } from '../../logs/class-names'

const share = z.number().min(0).max(1)
const radius = z.number().min(0)

const imageSchema = z.object({
  index: z.int().min(0).describe('Position of the image in its data set.'),
  label: z.int().min(0).describe('Its class, as position among the logits.'),
  outcome: z
    .enum(['certified', 'certified-at', 'predicted', 'abstains', 'undecided'])
    .describe('What was found, as in the column `outcome` of the log.'),
  prediction: z.int().min(-1).describe('The class that was found, or -1 where there is none.'),
  className: z.string().nullable().describe('Its name; null without a class, or where nothing names it.'),
  radius: radius.describe(
    'Largest certified radius in `configuration.norm`, for pixels in [0, 1]; 0 where there is none.',
  ),
  correct: z.boolean().describe('Whether the prediction is the label.'),
  durationMs: z.number().min(0).describe('Milliseconds that the image took.'),
})

/** What `ft-cadis certify --json` prints. A field that changes its meaning, or goes, raises the version; a new one does not. */
export const certificationDocumentSchema = z.object({
  document: z.literal('certification').describe('What this is.'),
  version: z.literal(1).describe('Version of this schema.'),
  log: z.string().describe('Path of the certification log, which has the votes too.'),
  configuration: z
    .record(z.string(), z.unknown())
    .nullable()
    .describe('All that decides a row, as in `<log>.json`: σ, n0, n, α, seed, data, hashes of the weights.'),
  missing: z.array(z.int().min(0)).describe('Images of the plan that have no row yet.'),
  summary: z
    .object({
      averageCertifiedRadius: radius.describe('Mean over all images; 0 where wrong or abstained.'),
      abstained: share.describe('Share of images on which CERTIFY abstained.'),
      certifiedAccuracy: z
        .array(z.object({ radius, accuracy: share }))
        .describe('Share of images that are right and certified at least that far.'),
    })
    .describe('The figures that certify prints without --json.'),
  images: z.array(imageSchema).describe('An entry an image, in the order of the log.'),
  notes: z.array(z.string()).describe('What a reader has to know to read the figures right.'),
})

export type CertificationDocument = z.output<typeof certificationDocumentSchema>

/**
 * A certification log as a document.
 *
 * @param analysis - of this log alone
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
