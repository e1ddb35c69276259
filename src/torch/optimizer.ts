import { Handle, type Session } from '../bridge'
import type { AnyDenoiser, ImageDenoiser, TrainableDenoiser } from './image-denoiser'
import { type Classifier, Denoiser } from './modules'
import { Tensor } from './tensor'

/** Parameters that share a learning rate and a weight decay. */
export interface OptimizerGroup {
  /** Their names, or all trainable parameters. */
  readonly parameters: readonly string[] | 'all'
  readonly learningRate: number
  readonly weightDecay: number
}

/** How gradients are clipped: each tensor by its own norm, or all by their common one. */
export interface ClipOptions {
  readonly per: 'tensor' | 'global'
  readonly norm: number
}

/** AdamW or SGD. Learning rates and weight decays are set before every step. */
export class Optimizer extends Handle<never> {
  zeroGradients(): void {
    this.session.perform('zero_gradients', [this])
  }

  /** Sets learning rate and weight decay of each group, in the order of the groups. */
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

  /** Clips the gradients, and returns their global ℓ2 norm before and after. */
  clipGradients({ per, norm }: ClipOptions): { before: Tensor<''>; after: Tensor<''> } {
    const number = (session: Session, id: number) => new Tensor(session, id, '' as const)
    const [before, after] = this.session.recordMany('clip_gradients', [this], {
      parameters: { per, norm },
      make: [number, number] as const,
    })
    return { before, after }
  }

  /** Returns the global ℓ2 norm of the gradients. */
  gradientNorm(): Tensor<''> {
    return this.session.record('gradient_norm', [this], {
      make: (session, id) => new Tensor(session, id, '' as const),
    })
  }

  step(): void {
    this.session.perform('optimizer_step', [this])
  }

  /** Records writing the moments, and AdamW's step counts, by parameter name as safetensors. */
  save(path: string): void {
    this.session.perform('save_optimizer', [this], { path })
  }

  /** Records restoring a file of {@link save}; refuses a file of other parameters. */
  load(path: string): void {
    this.session.perform('load_optimizer', [this], { path })
  }
}

/** Networks with parameters that an optimizer can train. */
export type Trainable = Classifier | AnyDenoiser

/**
 * Makes AdamW over the named parameters of one or several networks. With several, each name starts with the position of its network, for
 * example `0.head.weight`.
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
 * Makes stochastic gradient descent over the parameters of one or several networks, named as for {@link adamW}, without Nesterov momentum.
 * Adds weight decay to the gradient, like `torch.optim.SGD`.
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
 * Running statistics of a classifier over one update. Every micro-batch starts from those at the start of the update, and the update leaves
 * the mean over its micro-batches. If it is not applied, they stay as they were.
 */
export class RunningStatistics extends Handle<never> {
  /** Saves the current statistics as the start of every micro-batch of an update. */
  beginUpdate(): void {
    this.session.perform('begin_statistics', [this])
  }

  /** Adds the statistics of a micro-batch after its backward pass, and restores those of the start. */
  endMicroBatch(): void {
    this.session.perform('add_statistics', [this])
  }

  /** Returns how many statistics the micro-batches so far would make NaN or infinite. */
  nonFinite(): Tensor<''> {
    return this.session.record('non_finite_statistics', [this], {
      make: (session, id) => new Tensor(session, id, '' as const),
    })
  }

  /** Sets the statistics to the result of an update of this many micro-batches, over all ranks. */
  apply({ microBatches }: { readonly microBatches: number }): void {
    this.session.perform('apply_statistics', [this], { micro_batches: microBatches })
  }
}

/** Returns the running statistics of networks, to update step by step; null if training updates none. */
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

/** An exponential moving average of a denoiser's weights, starting at the first update. */
export class MovingAverage extends Handle<never> {
  constructor(
    session: Session,
    id: number,
    readonly module: Denoiser,
  ) {
    super(session, id)
  }

  /** Returns a denoiser with the averaged weights, which later updates change. */
  network(): Denoiser {
    return this.session.record('average_of', [this], {
      make: (session, id) => new Denoiser(session, id, this.module.schedule),
    })
  }

  /** Updates the average: average ← decay · average + (1 - decay) · weights. The first update copies the weights. */
  update(): void {
    this.session.perform('update_average', [this, this.module])
  }

  /** Records resuming from averaged weights that {@link Denoiser.save} wrote. */
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
