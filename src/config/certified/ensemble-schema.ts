import { z } from 'zod'
import { count } from '../fields'
import { otherWeightsSchema } from './networks'

/** Several classifiers certified as one. They share every setting of the classifier except the weights. */
export const ensembleSchema = z.strictObject({
  others: otherWeightsSchema.describe('The other members; the classifier of the settings is the first.'),
  by: z
    .union([z.enum(['logits', 'softmax', 'votes']), z.array(z.number()).min(2)])
    .default('logits')
    .describe(
      'What to sum over the members: logits, softmax or votes; the class is the one with the largest sum. Numbers are weights of ' +
        'their logits, one per member. Default logits.',
    ),
  consensus: count
    .optional()
    .describe(
      'Members that classify every noisy copy; the others classify a copy only if these disagree. Default: all.',
    ),
})

export type EnsembleConfig = z.output<typeof ensembleSchema>

/** Returns the number of members, including the first. */
export function membersOf({ others }: Pick<EnsembleConfig, 'others'>): number {
  return others.length + 1
}

/** Returns conflicts between the settings of an ensemble, by field. */
export function problemsOfEnsemble({
  others,
  by,
  consensus,
}: EnsembleConfig): { path: string; message: string }[] {
  const members = membersOf({ others })
  const problems: { path: string; message: string }[] = []
  if (consensus !== undefined && consensus > members) {
    problems.push({
      path: 'ensemble.consensus',
      message: `expected at most the ${members} members, got ${consensus}`,
    })
  }
  if (typeof by !== 'string' && by.length !== members) {
    problems.push({
      path: 'ensemble.by',
      message: `expected a weight for each of the ${members} members, got ${by.length}`,
    })
  }
  if (typeof by !== 'string' && by.every(weight => weight === 0)) {
    problems.push({ path: 'ensemble.by', message: 'expected a weight other than 0, got none' })
  }
  for (const [place, { path, checkpoint }] of others.entries()) {
    if (path !== undefined || checkpoint !== undefined) continue
    problems.push({
      path: `ensemble.others.${place}`,
      message: 'expected path or checkpoint, got neither: it would be the first member again',
    })
  }
  return problems
}
