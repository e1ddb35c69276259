import { expect, it } from 'vitest'
import { ConfigError } from '../../src/errors'
import { ACCURACY_METRICS, BEST_ACCURACY } from '../../src/objectives/accuracy-metrics'
import { crossEntropy } from '../../src/objectives/cross-entropy'
import { ftCadis } from '../../src/objectives/ft-cadis/ft-cadis'
import type { Evaluation, Form, Objective } from '../../src/objectives/objective'
import { requireMetricNames } from '../../src/training/metric-names'

const EVALUATION: Omit<Evaluation, 'look'> = { metrics: ACCURACY_METRICS, best: BEST_ACCURACY }
const described = (tag: string) => ({ label: 'label', caption: 'A caption.', tag })

type Named = Pick<Objective<Form>, 'kind' | 'sums' | 'metrics'>

function messageOf(changes: Partial<Named>, evaluation: Partial<Omit<Evaluation, 'look'>> = {}): string {
  const mine: Named = {
    kind: 'mine',
    sums: ['hinge'],
    metrics: { hinge: described('loss/hinge') },
    ...changes,
  }
  try {
    requireMetricNames(mine, { ...EVALUATION, ...evaluation })
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError)
    return (error as ConfigError).message
  }
  return 'accepted'
}

it('accepts names and its own tags, and the objectives of this package', () => {
  expect(messageOf({})).toBe('accepted')
  requireMetricNames(ftCadis, EVALUATION)
  requireMetricNames(crossEntropy, EVALUATION)
})

it.each([
  [
    'a metric that the trainer measures',
    { metrics: { gradientNorm: { ...described('a/b'), of: () => 1 } } },
    'gradientNorm',
  ],
  [
    'a metric that is a field of its row',
    { metrics: { step: { ...described('a/b'), of: () => 1 } } },
    'step',
  ],
  [
    'a metric that earlier versions had under another name',
    { metrics: { answers: { ...described('a/b'), of: () => 1 } } },
    'answers',
  ],
  ['a sum that the trainer has', { sums: ['hinge', 'total'] }, 'total'],
  ['a sum that names a micro-batch', { sums: ['hinge', 'microBatch'] }, 'microBatch'],
])('refuses %s', (_what, changes, name) => {
  expect(messageOf(changes)).toBe(
    `The method mine has a metric or a sum ${name}, which every run has already. Give it another name.`,
  )
})

it('refuses such a metric of the evaluation', () => {
  const metrics = { ...ACCURACY_METRICS, skippedImages: described('test/skipped') }
  expect(messageOf({}, { metrics })).toContain('a metric or a sum skippedImages')
})

it.each([
  [
    'the trainer',
    { hinge: described('loss/total') },
    'the tag loss/total of the metric loss. Give hinge another tag: every run has loss.',
  ],
  ['the evaluation', { hinge: described('test/skipped_training_images') }, 'of the metric skippedImages.'],
  [
    'another metric',
    { hinge: described('a/b'), other: { ...described('a/b'), of: () => 1 } },
    'of the metric hinge.',
  ],
])('refuses a tag of %s', (_what, metrics, message) => {
  expect(messageOf({ metrics })).toContain(message)
})

it('refuses a tag that update and evaluation both have', () => {
  expect(messageOf({ metrics: { hinge: described('test/clean_accuracy') } })).toContain(
    'The metric clean of the method mine has the tag test/clean_accuracy of the metric hinge. Give hinge or clean another tag.',
  )
})

it('refuses a metric that nothing is summed for', () => {
  expect(messageOf({ metrics: { margin: described('loss/margin') } })).toBe(
    'The metric margin of the method mine has no `of`, and no sum has its name: there are hinge. Declare a sum of this name, or give the metric an `of`.',
  )
})

it('refuses a best epoch by a metric that there is not', () => {
  expect(messageOf({}, { best: { metric: 'hinge', is: 'smallest' } })).toBe(
    'The best epoch of the method mine is chosen by hinge, but its evaluation has noisy, clean. Name one of these.',
  )
})
