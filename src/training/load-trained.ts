import { join } from 'node:path'
import type { Session } from '../bridge'
import { networkFolders } from '../config/methods/trained'
import type { AnyRunConfig, ClassifierConfig } from '../config/schema'
import { isDiffusionModel } from '../config/sources/denoisers'
import { ConfigError } from '../errors'
import type { TrainedNetworks } from '../objectives/objective'
import { loadBaseClassifier, loadSmoothingDenoiser } from '../smoothing/load-networks'
import { denoiserSpec } from '../smoothing/specs'
import {
  type AnyDenoiser,
  alike,
  type Classifier,
  type Denoiser,
  ImageDenoiser,
  loadClassifier,
  loadTrainableDenoiser,
  manualSeed,
  movingAverage,
  TrainableDenoiser,
} from '../torch'
import type { TrainingState } from './training-state'

/** A network that a run trains. */
export type TrainedNetwork = Classifier | ImageDenoiser | TrainableDenoiser

/** The folder in a checkpoint for the trained weights, if the run exports their moving average. */
const UNAVERAGED = 'unaveraged'

/** Returns the networks that a run trains, in the optimizer's order. */
export function trainedOf({
  classifier,
  members = [classifier],
  denoiser,
}: TrainedNetworks): readonly TrainedNetwork[] {
  if (denoiser === undefined) return members
  if (denoiser instanceof ImageDenoiser || denoiser instanceof TrainableDenoiser) return [denoiser]
  throw new TypeError('The denoiser that is trained is one to be used.')
}

/** Loads the denoiser to train, with the weights of a checkpoint if given. */
export async function loadTrainedDenoiser(
  session: Session,
  { smoothing, seed, method }: AnyRunConfig,
  checkpoint: string | undefined,
): Promise<ImageDenoiser | TrainableDenoiser> {
  manualSeed(session, seed, 'initialisation', 'denoiser')
  if (isDiffusionModel(smoothing.denoiser)) {
    const model = await loadTrainableDenoiser(session, denoiserSpec(smoothing.denoiser))
    if (checkpoint !== undefined) model.restore(join(checkpoint, UNAVERAGED))
    return model
  }
  const denoiser = await loadSmoothingDenoiser(session, smoothing)
  if (!(denoiser instanceof ImageDenoiser)) {
    throw new ConfigError(
      `The method ${method.kind} trains a denoiser of images, got ${smoothing.denoiser.source}.`,
      {
        remedy: 'Set smoothing.denoiser.source to dncnn or memnet.',
      },
    )
  }
  if (checkpoint !== undefined) denoiser.restore(join(checkpoint, ...networkFolders(method)))
  denoiser.makeTrainable()
  return denoiser
}

/** Starts the moving average of a diffusion model's weights, from the initial ones or those of a checkpoint. */
export function averageOf(
  model: AnyDenoiser | undefined,
  {
    decay,
    checkpoint,
    method,
  }: {
    readonly decay: number | undefined
    readonly checkpoint: string | undefined
    readonly method: AnyRunConfig['method']
  },
): TrainingState['averaged'] {
  if (decay === undefined || !(model instanceof TrainableDenoiser)) return null
  const average = movingAverage(model, { decay })
  if (checkpoint === undefined) average.update()
  else average.restore(join(checkpoint, ...networkFolders(method)))
  return { average, network: average.network() }
}

/** Returns the networks of a checkpoint, each with its folder; with a moving average, both the average and the trained network. */
export function savedOf(
  { networks, averaged }: Pick<TrainingState, 'networks' | 'averaged'>,
  method: AnyRunConfig['method'],
): readonly { readonly folder: string; readonly network: TrainedNetwork | Denoiser }[] {
  const folders = networkFolders(method)
  const trained = trainedOf(networks)
  if (averaged === null) return trained.map((network, place) => ({ folder: folders[place] ?? '.', network }))
  return [
    ...folders.map(folder => ({ folder, network: averaged.network })),
    ...trained.map(network => ({ folder: UNAVERAGED, network })),
  ]
}

/** Loads the classifier behind a trained denoiser; a placeholder if the configuration has none. */
export async function loadJudge(
  session: Session,
  config: AnyRunConfig,
  { classes }: { readonly classes: readonly string[] },
): Promise<Classifier> {
  if (config.classifier.source !== 'none') return loadFrozenClassifier(session, config)
  return loadClassifier(session, { source: 'none', numClasses: classes.length })
}

/** Loads a frozen classifier. */
export async function loadFrozenClassifier(
  session: Session,
  config: AnyRunConfig,
  classifier: ClassifierConfig = config.classifier,
): Promise<Classifier> {
  const { dtype, autocast } = config
  const randomWeights = config.data.source === 'synthetic' ? 'allowed' : 'refused'
  return (await loadBaseClassifier(session, classifier, { dtype, autocast, randomWeights })).classifier
}

/** Loads the classifier to train, from a checkpoint if given. */
export async function loadTrainedClassifier(
  session: Session,
  config: AnyRunConfig,
  {
    checkpoint,
    path,
    stream = [],
  }: {
    readonly checkpoint?: string | undefined
    /** Weights that replace those of the configuration. */
    readonly path?: string | undefined
    /** Identifies one of several networks: each has its own random numbers. */
    readonly stream?: readonly (string | number)[]
  },
): Promise<Classifier> {
  const { dtype, autocast, activationCheckpointing, tuning, seed } = config
  // Draws for a new head or adapters depend only on the seed.
  manualSeed(session, seed, 'initialisation', ...stream)
  // Generated images are for measurements; nothing is certified.
  const randomWeights = config.data.source === 'synthetic' ? 'allowed' : 'refused'
  const options = { dtype, autocast, activationCheckpointing, tuning, checkpoint, randomWeights } as const
  const classifier = { ...config.classifier, ...(path !== undefined && { path }) } as ClassifierConfig
  return (await loadBaseClassifier(session, classifier, options)).classifier
}

/**
 * Loads the members to train together: from a checkpoint if given, else each with its own weights.
 *
 * @throws ConfigError if two of them start with the same weights, and would stay the same
 */
export async function loadMembers(
  session: Session,
  config: AnyRunConfig,
  {
    count,
    weights,
    checkpoint,
  }: {
    readonly count: number
    readonly weights?: readonly string[] | undefined
    readonly checkpoint: string | undefined
  },
): Promise<Required<Pick<TrainedNetworks, 'classifier' | 'members'>>> {
  const folders = networkFolders(config.method)
  const members: Classifier[] = []
  for (let place = 0; place < count; place += 1) {
    members.push(
      await loadTrainedClassifier(session, config, {
        ...{ path: weights?.[place], stream: ['member', place] },
        checkpoint: checkpoint === undefined ? undefined : join(checkpoint, folders[place] ?? '.'),
      }),
    )
  }
  const [classifier, ...others] = members
  if (classifier === undefined) throw new RangeError('An ensemble has members.')
  const { pairs } = await session.compute(() => ({ pairs: alike([classifier, ...others]) }))
  const [pair] = pairs
  if (pair !== undefined && checkpoint === undefined) {
    session.free(members)
    throw new ConfigError(
      `The members ${pair.join(' and ')} of the ensemble begin with the same weights, and would be one network twice.`,
      {
        remedy:
          'Give each member a weight file in method.weights, such as those of runs with other seeds; or begin with random weights.',
      },
    )
  }
  return { classifier, members: [classifier, ...others] }
}
