import { z } from 'zod'
import { count, positive } from './fields'
import { CLASSIFIERS, type ClassifierSource } from './sources/classifiers'
import { DENOISERS, type DenoiserSource } from './sources/denoisers'
import { findSource, schemasOf } from './sources/source'

/** Settings of the networks: denoiser, classifier, and what of it is trained. */

const noDenoiser = z.strictObject({
  source: z
    .literal('none')
    .describe('No denoiser: the classifier takes images with Gaussian noise as they are.'),
})

/** Where the denoiser comes from; a smoothed classifier may have none. */
export const denoiserSchema = z.discriminatedUnion('source', [...schemasOf(DENOISERS), noDenoiser])

/** The source that a denoiser is from. */
export function sourceOfDenoiser(denoiser: { readonly source: string }): DenoiserSource {
  return findSource<DenoiserSource>(DENOISERS, denoiser)
}

/** Where the classifier comes from and what it takes. */
export const classifierSchema = z.discriminatedUnion('source', schemasOf(CLASSIFIERS))

/** A classifier that is asked about images: it cannot be none. */
export const askedClassifierSchema = classifierSchema.refine(({ source }) => source !== 'none', {
  path: ['source'],
  error: 'expected the source of a classifier, got none',
})

/** The source that a classifier is from. */
export function sourceOfClassifier(classifier: { readonly source: string }): ClassifierSource {
  return findSource<ClassifierSource>(CLASSIFIERS, classifier)
}

const fullTuning = z.strictObject({
  kind: z.literal('full').describe('Every weight of the classifier is trained.'),
})

const loraTuning = z.strictObject({
  kind: z
    .literal('lora')
    .describe(
      'Low-rank adapters on the query and value projections and the classification head are trained.',
    ),
  rank: count.default(4).describe('Rank r of the adapters. Default 4.'),
  alpha: positive.default(4).describe('Scale of the adapters: they count alpha / rank. Default 4.'),
})

/** What of the classifier is trained. */
export const tuningSchema = z.discriminatedUnion('kind', [fullTuning, loraTuning])
