import type { z } from 'zod'
import { isObject } from '../files/read-json'
import { type PurifyConfig, problemsOfPurifier } from './certified/purify-schema'
import type { dataSchema } from './data-schema'
import { trainedBy } from './methods/trained'
import { type classifierSchema, sourceOfClassifier, type tuningSchema } from './model-schema'
import type { checkpointsSchema, optimisationSchema } from './optimisation-schema'
import { DIFFUSION_MODELS, IMAGE_DENOISERS } from './sources/denoisers'

/** A field that conflicts with others. */
export interface Problem {
  /** Dotted name of the field. */
  readonly path: string
  /** Expected and actual value. */
  readonly message: string
}

interface Run {
  readonly classifier: z.output<typeof classifierSchema>
  readonly data: z.output<typeof dataSchema>
  readonly tuning: z.output<typeof tuningSchema>
  readonly optimisation: z.output<typeof optimisationSchema>
  readonly checkpoints: z.output<typeof checkpointsSchema>
  readonly smoothing: { readonly denoiser: { readonly source: string; readonly dtype?: string } }
  readonly method: { readonly kind: string }
  readonly compile: 'none' | 'denoiser' | 'all'
  readonly device: string
  readonly dtype: string
  readonly autocast: string
  readonly activationCheckpointing: boolean
  readonly certification: { readonly purify: PurifyConfig }
}

/** Returns violated rules between fields of a fine-tuning run. Choices without effect are conflicts too. */
export function problemsOfRun(run: Run): Problem[] {
  const { classifier, data, tuning, optimisation, checkpoints } = run
  const { title, blocks, hasQueryAndValue, ...source } = sourceOfClassifier(classifier)
  const lastEpoch = optimisation.stopAfterEpoch ?? optimisation.epochs
  const { imagesPerUpdate, imagesPerMicroBatch = imagesPerUpdate } = optimisation
  const rate = optimisation.learningRate
  const peak = typeof rate === 'number' ? rate : (rate.base * imagesPerUpdate) / 256
  return [
    ...when(tuning.kind === 'lora' && !hasQueryAndValue, {
      path: 'tuning.kind',
      message: `expected full for ${title}, which has no query and value projections, got lora`,
    }),
    ...when(tuning.kind === 'lora' && source.knowsHeads?.(classifier) === false, {
      path: 'classifier.heads',
      message: 'expected the names of the modules that classify, which LoRA trains in full, got nothing',
    }),
    ...when(data.source === 'folder' && isObject(data.classes), {
      path: 'data.classes',
      message:
        'expected all class folders in order, or how they are sorted, got some with their logits, which only certification takes',
    }),
    ...when(optimisation.layerDecay !== 1 && blocks === 'none', {
      path: 'optimisation.layerDecay',
      message: `expected 1 for ${title}, which has no transformer blocks, got ${optimisation.layerDecay}`,
    }),
    ...when(imagesPerUpdate % imagesPerMicroBatch !== 0, {
      path: 'optimisation.imagesPerMicroBatch',
      message: `expected a divisor of imagesPerUpdate, ${imagesPerUpdate}, got ${imagesPerMicroBatch}`,
    }),
    ...when(optimisation.warmupEpochs > optimisation.epochs, {
      path: 'optimisation.warmupEpochs',
      message: `expected at most epochs, ${optimisation.epochs}, got ${optimisation.warmupEpochs}`,
    }),
    ...when(lastEpoch > optimisation.epochs, {
      path: 'optimisation.stopAfterEpoch',
      message: `expected at most epochs, ${optimisation.epochs}, got ${lastEpoch}`,
    }),
    ...when(optimisation.optimizer.kind === 'sgd' && String(optimisation.betas) !== '0.9,0.999', {
      path: 'optimisation.betas',
      message: `expected none for the optimizer sgd, which has a momentum, got ${optimisation.betas.join(', ')}`,
    }),
    ...when(optimisation.schedule.kind !== 'cosine' && ![0, 1e-6].includes(optimisation.minLearningRate), {
      path: 'optimisation.minLearningRate',
      message: `expected none for the schedule ${optimisation.schedule.kind}, which does not end in it, got ${optimisation.minLearningRate}`,
    }),
    ...when(firstDrop(optimisation.schedule) < 1, {
      path: 'optimisation.schedule.late',
      message: `expected a first drop after the first epoch, got one of epoch ${firstDrop(optimisation.schedule)}`,
    }),
    ...when(optimisation.schedule.kind === 'cosine' && optimisation.minLearningRate > peak, {
      path: 'optimisation.minLearningRate',
      message: `expected at most the learning rate after the warm-up, ${peak}, got ${optimisation.minLearningRate}`,
    }),
    ...when(run.compile === 'denoiser' && run.smoothing.denoiser.source === 'none', {
      path: 'compile',
      message: 'expected none or all without a denoiser, got denoiser',
    }),
    ...when(run.compile === 'all' && trainedBy(run.method.kind) === 'members', {
      path: 'compile',
      message: `expected none or denoiser for the method ${run.method.kind}, whose gradients are differentiated again, got all`,
    }),
    ...problemsOfTrainedDenoiser(run),
    ...problemsOfDenoiserAsked(run),
    ...when(classifier.source === 'none' && !needsNoClassifier(run.method), {
      path: 'classifier.source',
      message: `expected the source of a classifier for the method ${run.method.kind}, which needs one, got none`,
    }),
    ...when(run.dtype === 'float64' && run.autocast !== 'none', {
      path: 'autocast',
      message: `expected none for the dtype float64, got ${run.autocast}`,
    }),
    ...when(run.activationCheckpointing && blocks !== 'known', {
      path: 'activationCheckpointing',
      message: `expected false for a classifier of source ${classifier.source}, whose blocks are not known, got true`,
    }),
    ...checkpoints.epochs.flatMap((epoch, index) =>
      when(epoch > lastEpoch, {
        path: `checkpoints.epochs.${index}`,
        message: `expected at most the last epoch, ${lastEpoch}, got ${epoch}`,
      }),
    ),
  ]
}

/**
 * Rules for a trained denoiser. Diffusion models need their own method, others the methods of clean images; calibration
 * trains both. All train in float32, uncompiled.
 */
function problemsOfTrainedDenoiser({ method, smoothing, compile, tuning }: Run): Problem[] {
  if (trainedBy(method.kind) !== 'denoiser') return []
  const { source, dtype } = smoothing.denoiser
  const trainable: readonly string[] =
    method.kind === 'diffusion'
      ? DIFFUSION_MODELS
      : [...IMAGE_DENOISERS, ...(method.kind === 'calibration' ? DIFFUSION_MODELS : [])]
  return [
    ...when(!trainable.includes(source), {
      path: 'smoothing.denoiser.source',
      message: `expected ${trainable.join(' or ')} for the method ${method.kind}, which trains it, got ${source}`,
    }),
    ...when(trainable.includes(source) && dtype !== 'float32', {
      path: 'smoothing.denoiser.dtype',
      message: `expected float32 for the method ${method.kind}, which trains it, got ${dtype}`,
    }),
    ...when(compile !== 'none', {
      path: 'compile',
      message: `expected none for the method ${method.kind}, which trains the denoiser, got ${compile}`,
    }),
    ...when(tuning.kind !== 'full', {
      path: 'tuning.kind',
      message: `expected full for the method ${method.kind}, which trains no classifier, got ${tuning.kind}`,
    }),
  ]
}

/** Returns whether a method trains a denoiser from images only. */
function needsNoClassifier({ kind, target }: { readonly kind: string; readonly target?: unknown }): boolean {
  return kind === 'diffusion' || (kind === 'denoiser' && target === 'image')
}

/** Returns violated rules between fields of a certification. */
export function problemsOfCertification({
  classifier,
  smoothing,
  certification,
}: {
  readonly classifier: { readonly source: string }
} & Pick<Run, 'smoothing' | 'certification'>): Problem[] {
  return [
    ...when(classifier.source === 'none', {
      path: 'classifier.source',
      message:
        'expected the source of a classifier, which a denoiser that was trained without one does not have, got none',
    }),
    ...problemsOfDenoiserAsked({ smoothing, certification }),
  ]
}

/** Returns purification settings that the denoiser does not support. */
function problemsOfDenoiserAsked({
  smoothing: { denoiser },
  certification: { purify },
}: Pick<Run, 'smoothing' | 'certification'>): Problem[] {
  if (purify.kind === 'once') return []
  const models: readonly string[] = DIFFUSION_MODELS
  const isDiffusion = denoiser.source === 'none' ? null : models.includes(denoiser.source)
  return problemsOfPurifier(purify, { isDiffusion })
}

/** Returns the epoch of the first drop, counted from 0. */
function firstDrop(schedule: Run['optimisation']['schedule']): number {
  if (schedule.kind === 'steps') return schedule.everyEpochs + schedule.late
  return schedule.kind === 'listed' ? (schedule.steps[0]?.fromEpoch ?? 1) : 1
}

function when(applies: boolean, problem: Problem): Problem[] {
  return applies ? [problem] : []
}
