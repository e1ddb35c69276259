import type { RunConfig } from '../../config/schema'
import type { Passes } from '../../objectives/objective'
import { findObjective } from '../../objectives/registry'
import { certificationPasses, evaluationPasses, type RunPlan } from '../../runs/plan-run'
import { levelOf, type Smoothing } from '../../smoothing/smoothing'
import type { DryRun } from '../../training/dry-run'
import type { TrainOptions } from './options'

/** Formats the configuration that a training prints. */

export function formatConfig(config: RunConfig): string {
  return `configuration: ${JSON.stringify(config, null, 2)}`
}

export function formatSmoothing(smoothing: Smoothing): string {
  const { sigma, realisedSigma } = smoothing
  const level = levelOf(smoothing)
  if (level === null) {
    const front =
      smoothing.front.kind === 'none' ? 'without a denoiser' : 'in front of a denoiser that does not get it'
    return `noise level: sigma ${sigma}, ${front}`
  }
  return `noise level: sigma ${sigma}, timestep t* ${level.timestep}, realised sigma ${realisedSigma.toFixed(6)}`
}

export function formatPlan(plan: RunPlan, { optimisation, method }: RunConfig): string {
  const { imagesPerUpdate } = optimisation
  const noises = findObjective(method.kind)(({ copies }) => copies(method as never))
  return [
    `updates: ${whole(plan.updates)} (${plan.epochs} epochs, ${whole(plan.updatesPerEpoch)} an epoch)`,
    `images: ${imagesPerUpdate} an update in ${plan.microBatches} micro-batches of ${plan.imagesPerMicroBatch}, each under ${noises} noises; ${whole(plan.images)} in all`,
  ].join('\n')
}

export function formatPasses({ denoiserForward, classifierForward, classifierBackward }: Passes): string {
  const range = ({ least, most }: { least: number; most: number }) =>
    least === most ? whole(least) : `${whole(least)} to ${whole(most)}`
  return [
    `denoiser: ${whole(denoiserForward)} images forward`,
    `classifier: ${range(classifierForward)} images forward` +
      (classifierBackward.most === 0 ? '' : `, ${range(classifierBackward)} backward`) +
      (classifierForward.least === classifierForward.most
        ? ''
        : ', by the share of images that are attacked'),
  ].join('\n')
}

/** Formats the findings of a dry run, problems last. */
export function formatDryRun(
  found: DryRun,
  config: RunConfig,
  { evaluateImages, certify }: Pick<TrainOptions, 'evaluateImages' | 'certify'>,
): string {
  const { problems, smoothing, parameters, plan, passes, disk, memory } = found
  const { testImages = 0, classes = 0 } = found
  const evaluated = Math.min(evaluateImages ?? testImages, testImages)
  const certified = certifiedImages(config.certification.images, { testImages, classes })
  const lines = [
    smoothing && formatSmoothing(smoothing),
    found.trainImages !== undefined &&
      `data: ${whole(found.trainImages)} images for training, ${whole(testImages)} for testing, ${classes} classes`,
    parameters &&
      `parameters of the classifier: ${whole(parameters.total)}, of which ${whole(parameters.trainable)} are trained`,
    plan && formatPlan(plan, config),
    passes && `training:\n${indent(formatPasses(passes))}`,
    plan &&
      `evaluation of ${whole(evaluated)} images after each epoch:\n${indent(formatPasses(evaluationPasses({ epochs: plan.epochs, testImages: evaluated })))}`,
    plan &&
      certify &&
      `certification of ${whole(certified)} images:\n${indent(formatPasses(certificationPasses(config, { images: certified })))}`,
    memory &&
      `memory on the device, estimated: weights ${size(memory.weights)}, optimizer ${size(memory.state)}, a micro-batch ${size(memory.microBatch)}; ${size(memory.free)} are free beside the weights`,
    disk && `disk: checkpoints take ${size(disk.needed)}, ${size(disk.free)} are free`,
    problems.length === 0
      ? 'Nothing stands in the way.'
      : `${problems.length} problem${problems.length === 1 ? '' : 's'}:\n${problems.map(problem => indent(`- ${problem}`)).join('\n')}`,
  ]
  return lines.filter(line => typeof line === 'string').join('\n')
}

function certifiedImages(
  images: RunConfig['certification']['images'],
  { testImages, classes }: { testImages: number; classes: number },
): number {
  if (images === 'all') return testImages
  if ('onePerClass' in images) return classes
  if ('every' in images) return Math.ceil(testImages / images.every)
  if ('indices' in images) return images.indices.length
  if ('overClasses' in images) return Math.min(images.overClasses, testImages)
  return 'first' in images ? images.first : images.random
}

export function size(bytes: number): string {
  return bytes < 1e8 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`
}

export function whole(count: number): string {
  return count.toLocaleString('en-US')
}

function indent(text: string): string {
  return text.replace(/^/gm, '  ')
}
