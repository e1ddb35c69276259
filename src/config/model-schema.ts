import { z } from 'zod'
import { count, positive } from './fields'
import { CLASSIFIERS, type ClassifierSource } from './sources/classifiers'
import { DENOISERS, type DenoiserSource } from './sources/denoisers'
import { findSource, schemasOf } from './sources/source'

/** Settings of the networks: denoiser, classifier, and which weights are trained. */

const noDenoiser = z.strictObject({
  source: z.literal('none').describe('No denoiser: the classifier gets images with Gaussian noise directly.'),
})

/** Source of the denoiser; a smoothed classifier may have none. */
export const denoiserSchema = z.discriminatedUnion('source', [...schemasOf(DENOISERS), noDenoiser])

/** Returns the source of a denoiser. */
export function sourceOfDenoiser(denoiser: { readonly source: string }): DenoiserSource {
  return findSource<DenoiserSource>(DENOISERS, denoiser)
}

/** Source and input of the classifier. */
export const classifierSchema = z.discriminatedUnion('source', schemasOf(CLASSIFIERS))

/** A classifier that must exist: `none` is invalid. */
export const askedClassifierSchema = classifierSchema.refine(({ source }) => source !== 'none', {
  path: ['source'],
  error: 'expected the source of a classifier, got none',
})

/** Returns the source of a classifier. */
export function sourceOfClassifier(classifier: { readonly source: string }): ClassifierSource {
  return findSource<ClassifierSource>(CLASSIFIERS, classifier)
}

const fullTuning = z.strictObject({
  kind: z.literal('full').describe('Trains every weight of the classifier.'),
})

const loraTuning = z.strictObject({
  kind: z
    .literal('lora')
    .describe('Trains low-rank adapters on the query and value projections, and the classification head.'),
  rank: count.default(4).describe('Rank r of the adapters. Default 4.'),
  alpha: positive
    .default(4)
    .describe('Scale of the adapters: their output is multiplied by alpha / rank. Default 4.'),
})

/** The weights of the classifier that are trained. */
export const tuningSchema = z.discriminatedUnion('kind', [fullTuning, loraTuning])
