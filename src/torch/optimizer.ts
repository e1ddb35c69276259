import { Handle, type Session } from '../bridge'
import type { AnyDenoiser, ImageDenoiser, TrainableDenoiser } from './image-denoiser'
import { type Classifier, Denoiser } from './modules'
import { Tensor } from './tensor'

/** Parameters that share a learning rate and a weight decay. */
export interface OptimizerGroup {
  /** Their names, or all that are trainable. */
  readonly parameters: readonly string[] | 'all'
  readonly learningRate: number
  readonly weightDecay: number
}

/** How gradients are clipped: each tensor by its own norm, or all by their common one. */
export interface ClipOptions {
  readonly per: 'tensor' | 'global'
  readonly norm: number
}

/** AdamW or SGD. Its learning rates and weight decays are set before every step. */
export class Optimizer extends Handle<never> {
  zeroGradients(): void {
    this.session.perform('zero_gradients', [this])
  }

  /** Sets learning rate and weight decay of each group, in the order in which the groups were given. */
  setHyperparameters(values: { learningRates: readonly number[]; weightDecays: readonly number[] }): void {
    this.session.perform('set_hyperparameters', [this], {
      learning_rates: values.learningRates,
      weight_decays: values.weightDecays,
    })
  }

  /** Multiplies every gradient. */
  scaleGradients(factor: number): void {
    this.session.perform('scale_gradients', [this], { factor })
  }

  /** Clips, and returns the global ℓ2 norm of the gradients before and after that. */
  clipGradients({ per, norm }: ClipOptions): { before: Tensor<''>; after: Tensor<''> } {
    const number = (session: Session, id: number) => new Tensor(session, id, '' as const)
    const [before, after] = this.session.recordMany('clip_gradients', [this], {
      parameters: { per, norm },
      make: [number, number] as const,
    })
    return { before, after }
  }

  /** The global ℓ2 norm of the gradients. */
  gradientNorm(): Tensor<''> {
    return this.session.record('gradient_norm', [this], {
      make: (session, id) => new Tensor(session, id, '' as const),
    })
  }

  step(): void {
    this.session.perform('optimizer_step', [this])
  }

  /** Records writing the moments, and of AdamW the step counts, by the names of their parameters, as safetensors. */
  save(path: string): void {
    this.session.perform('save_optimizer', [this], { path })
  }

  /** Records restoring what {@link save} wrote; a file of other parameters is refused. */
  load(path: string): void {
    this.session.perform('load_optimizer', [this], { path })
  }
}

/** Networks whose parameters one optimizer has. */
export type Trainable = Classifier | AnyDenoiser

/**
 * An AdamW over the named parameters of a network, or of several: each name then begins with the place of its network, as in
 * `0.head.weight`.
 */
export function adamW(
  networks: Trainable | readonly Trainable[],
  groups: readonly OptimizerGroup[],
  { betas = [0.9, 0.999] }: { betas?: readonly [number, number] } = {},
): Optimizer {
  const all = [networks].flat() as readonly Trainable[]
  return sessionOf(all).record('adamw', all, {
    parameters: { groups: groups.map(groupOf), betas },
    make: (session, id) => new Optimizer(session, id),
  })
}

/**
 * Stochastic gradient descent over the parameters of one or several networks, named as for {@link adamW}, without Nesterov
 * momentum. Weight decay is added to the gradient, as `torch.optim.SGD` does.
 */
export function sgd(
  networks: Trainable | readonly Trainable[],
  groups: readonly OptimizerGroup[],
  { momentum }: { readonly momentum: number },
): Optimizer {
  const all = [networks].flat() as readonly Trainable[]
  return sessionOf(all).record('sgd', all, {
    parameters: { groups: groups.map(groupOf), momentum },
    make: (session, id) => new Optimizer(session, id),
  })
}

function sessionOf([first]: readonly Trainable[]): Session {
  if (first === undefined) throw new RangeError('An optimizer takes at least one network.')
  return first.session
}

function groupOf({ parameters, learningRate, weightDecay }: OptimizerGroup) {
  return { parameters, learning_rate: learningRate, weight_decay: weightDecay }
}

/**
 * Running statistics of a classifier over one update: every micro-batch begins with those of the update's start, and the
 * update leaves the mean over its micro-batches, or where it is not applied, all as it was.
 */
export class RunningStatistics extends Handle<never> {
  /** Takes today's for those that every micro-batch of an update begins with. */
  beginUpdate(): void {
    this.session.perform('begin_statistics', [this])
  }

  /** Adds what a micro-batch has made of them, after its backward pass, and puts those of the start back. */
  endMicroBatch(): void {
    this.session.perform('add_statistics', [this])
  }

  /** How many numbers the micro-batches so far would make NaN or infinite. */
  nonFinite(): Tensor<''> {
    return this.session.record('non_finite_statistics', [this], {
      make: (session, id) => new Tensor(session, id, '' as const),
    })
  }

  /** Leaves what an update of that many micro-batches, over all ranks, makes of them. */
  apply({ microBatches }: { readonly microBatches: number }): void {
    this.session.perform('apply_statistics', [this], { micro_batches: microBatches })
  }
}

/** The running statistics of networks, to be moved update by update; null where training moves none. */
export function runningStatistics(
  networks: Classifier | readonly (Classifier | ImageDenoiser | TrainableDenoiser)[],
): RunningStatistics | null {
  const [first, ...others] = [networks]
    .flat()
    .filter(({ description }) => description.hasRunningStatistics) as (Classifier | ImageDenoiser)[]
  if (first === undefined) return null
  return first.session.record('running_statistics', [first, ...others], {
    make: (session, id) => new RunningStatistics(session, id),
  })
}

/** An exponential moving average of a denoiser's weights: of those at the first update, and from then on. */
export class MovingAverage extends Handle<never> {
  constructor(
    session: Session,
    id: number,
    readonly module: Denoiser,
  ) {
    super(session, id)
  }

  /** A denoiser with the averaged weights, which keep moving. */
  network(): Denoiser {
    return this.session.record('average_of', [this], {
      make: (session, id) => new Denoiser(session, id, this.module.schedule),
    })
  }

  /** Moves towards the weights of today: average ← decay · average + (1 - decay) · weights. The first update takes them over. */
  update(): void {
    this.session.perform('update_average', [this, this.module])
  }

  /** Records going on from averaged weights that {@link Denoiser.save} wrote. */
  restore(folder: string): void {
    this.session.perform('restore_average', [this], { folder })
  }
}

/** Starts a moving average of a denoiser. */
export function movingAverage(module: Denoiser, { decay }: { decay: number }): MovingAverage {
  return module.session.record('averaged_copy', [module], {
    parameters: { decay },
    make: (session, id) => new MovingAverage(session, id, module),
  })
}
