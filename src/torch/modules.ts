import { Handle, type Plain, PlainHandle, type Session } from '../bridge'
import type { Dtype } from './apply'
import type { AnyDenoiser } from './image-denoiser'
import { pythonSpec, type Spec } from './spec'
import { Tensor } from './tensor'

/** Handles of long-lived objects in Python: networks, optimizer. docs/architecture.md describes their files. */

/** The noise schedule that a denoiser was trained on; see `method/noise-level.ts`. */
export interface DiffusionSchedule {
  readonly kind: 'linear' | 'scaled_linear' | 'cosine' | 'explicit'
  readonly steps: number
  /** Whether the network receives t·1000/steps instead of t. */
  readonly rescaleTimesteps: boolean
  /** Both for the linear kinds. */
  readonly betaStart?: number
  readonly betaEnd?: number
  /** All β_t, for the explicit kind. */
  readonly betas?: readonly number[]
}

/** A diffusion network that predicts noise. It is in evaluation mode, except for a {@link TrainableDenoiser}. */
export class Denoiser extends Handle<never> {
  constructor(
    session: Session,
    id: number,
    readonly schedule: DiffusionSchedule,
  ) {
    super(session, id)
  }

  /** Predicts the noise in noisy images in [-1, 1] units; `timestep` is the network's input, one for all or one per image. */
  predictNoise(noisy_NCHW: Tensor<'NCHW'>, { timestep }: { timestep: number | Tensor<'N'> }): Tensor<'NCHW'> {
    const make = (session: Session, id: number) => new Tensor(session, id, 'NCHW' as const)
    return typeof timestep === 'number'
      ? this.session.record('predict_noise', [this, noisy_NCHW], { parameters: { timestep }, make })
      : this.session.record('predict_noise', [this, noisy_NCHW, timestep], { make })
  }

  /** Makes every parameter trainable, to train a denoiser. */
  makeTrainable(): void {
    this.session.perform('make_trainable', [this])
  }

  /** Writes the network and its schedule in diffusers' format. */
  async save(folder: string): Promise<void> {
    this.session.perform('save_denoiser', [this], { folder })
    await this.session.flush()
  }
}

/** Loads a denoiser, or creates one with random weights; see `config/schema.ts` for the spec. */
export async function loadDenoiser(
  session: Session,
  spec: Spec,
  { dtype = 'float32' }: { dtype?: Dtype } = {},
): Promise<Denoiser> {
  const { handle, schedule } = await loadedDenoiser(session, spec, { dtype })
  return new Denoiser(session, handle.id, schedule)
}

/** Returns a denoiser in Python and its description of the schedule. */
export async function loadedDenoiser(
  session: Session,
  spec: Spec,
  { dtype }: { readonly dtype: Dtype },
): Promise<{ readonly handle: Handle<never>; readonly schedule: DiffusionSchedule }> {
  const handle = networkHandle(session, 'load_denoiser', { spec: pythonSpec(spec), dtype })
  return { handle, schedule: await descriptionOf<DiffusionSchedule>('describe_denoiser', handle) }
}

/**
 * Checks that a denoiser is the one that `loadDenoiser` makes from a spec.
 *
 * @throws ConfigError with both if files, settings or dtype differ, or if it was made trainable
 */
export async function requireDenoiserOf(
  denoiser: AnyDenoiser,
  spec: Spec,
  { dtype = 'float32' }: { dtype?: Dtype } = {},
): Promise<void> {
  denoiser.session.perform('require_denoiser_of', [denoiser], { spec: pythonSpec(spec), dtype })
  await denoiser.session.flush()
}

/** One parameter tensor of a classifier. */
export interface ParameterDescription {
  readonly name: string
  readonly shape: readonly number[]
  readonly trainable: boolean
}

/** Returns the number of trainable parameters of a network. */
export function countTrainable({
  parameters,
}: {
  readonly parameters: readonly ParameterDescription[]
}): number {
  return parameters
    .filter(({ trainable }) => trainable)
    .reduce((total, { shape }) => total + shape.reduce((product, size) => product * size, 1), 0)
}

/** Parameter groups according to the network's library. */
export interface LibraryGroups {
  /** Parameters without weight decay: timm's `no_weight_decay()`. */
  readonly noDecay: readonly string[]
  /** The layer of each parameter, counted from 0: timm's `group_matcher`; `null` if the library has none. */
  readonly layers: Readonly<Record<string, number>> | null
}

/** Class names that weights give to the logits of a classifier. */
export interface WeightClasses {
  /** In the order of the logits. */
  readonly names: readonly string[]
  /** Whether the names are those of the training data, according to `smoothed.json`. A library may use other words for the same classes. */
  readonly areOfData: boolean
}

export interface ClassifierDescription {
  readonly parameters: readonly ParameterDescription[]
  readonly groups: LibraryGroups
  /** Number of transformer blocks; `null` if layer-wise decay does not apply. */
  readonly depth: number | null
  readonly family: string
  /** Whether training mode mixes the images of a batch (batch normalisation). */
  readonly usesBatchStatistics: boolean
  /** Whether training mode updates buffers (running statistics): see `runningStatistics`. */
  readonly hasRunningStatistics: boolean
  /** Whether the network below adapters has running statistics, which training mode does not update. Absent: no. */
  readonly hasFrozenStatistics?: boolean
  /** The part with random weights at loading, which differ at the next load; `null` if none. */
  readonly random: 'network' | 'head' | null
  /** Sentences for the user about weights that were unused or are new. */
  readonly notes?: readonly string[]
  /** Absent or null if the weights name no classes. */
  readonly classes?: WeightClasses | null
}

/** A classifier of images in [-1, 1]. It is in evaluation mode outside of {@link Classifier.training}. */
export class Classifier extends Handle<never> {
  constructor(
    session: Session,
    id: number,
    readonly description: ClassifierDescription,
  ) {
    super(session, id)
  }

  /** Logits of images in [-1, 1]; differentiable in the images too. */
  classify(images_NCHW: Tensor<'NCHW'>): Tensor<'NK'> {
    return this.session.record('classify', [this, images_NCHW], {
      make: (session, id) => new Tensor(session, id, 'NK' as const),
    })
  }

  /** Runs `body` in training mode (dropout, stochastic depth, batch statistics). */
  training<T>(body: () => T): T {
    return this.session.inContext('training', [this], body)
  }

  /** Runs `body` without building the part of the graph that leads to the parameters. */
  withoutParameterGradients<T>(body: () => T): T {
    return this.session.inContext('without_parameter_gradients', [this], body)
  }

  /** Returns a copy with the current weights that training does not change. */
  frozenCopy(): Classifier {
    return this.session.record('frozen_copy', [this], {
      make: (session, id) => new Classifier(session, id, this.description),
    })
  }

  /** Number of trainable parameters. */
  get trainableParameters(): number {
    return countTrainable(this.description)
  }

  /** Writes the weights, or the adapter with LoRA, as safetensors, with everything needed to load them. */
  async save(folder: string): Promise<void> {
    this.session.perform('save_classifier', [this], { folder })
    await this.session.flush()
  }

  /** Writes adapters and head for plain peft, to load on the unchanged model of its library. Outputs are equal. */
  async exportAdapter(folder: string): Promise<void> {
    this.session.perform('export_adapter', [this], { folder })
    await this.session.flush()
  }

  /** Writes the whole network with merged adapters, to load with its library alone. Outputs are equal. */
  async exportMerged(folder: string): Promise<void> {
    this.session.perform('export_merged', [this], { folder })
    await this.session.flush()
  }
}

/** The precision of a classifier. */
export interface ClassifierPrecision {
  /** Number type of the parameters. Default float32. */
  readonly dtype?: Dtype | undefined
  /** Number type for autocasting the network's operations where that is safe. Logits have the number type of the images. */
  readonly autocast?: 'none' | 'float16' | 'bfloat16' | undefined
  /** Whether a backward pass recomputes activations instead of keeping them. Default false. */
  readonly activationCheckpointing?: boolean | undefined
}

/** Loads a classifier; see `config/schema.ts` for the spec. */
export async function loadClassifier(
  session: Session,
  spec: Spec,
  { dtype = 'float32', autocast = 'none', activationCheckpointing = false }: ClassifierPrecision = {},
): Promise<Classifier> {
  const handle = networkHandle(session, 'load_classifier', {
    spec: pythonSpec(spec),
    dtype,
    autocast,
    activation_checkpointing: activationCheckpointing,
  })
  const description = await descriptionOf<ClassifierDescription>('describe_classifier', handle)
  return new Classifier(session, handle.id, description)
}

/** Returns the pairs of classifiers with equal trained parameters, by position. */
export function alike(
  classifiers: readonly [Classifier, ...Classifier[]],
): PlainHandle<readonly [number, number][]> {
  return classifiers[0].session.record('alike', classifiers, {
    make: (session, id) => new PlainHandle<readonly [number, number][]>(session, id),
  })
}

function networkHandle(
  session: Session,
  operation: string,
  parameters: { [name: string]: Plain },
): Handle<never> {
  return session.record(operation, [], { parameters, make: (owner, id) => new PlainHandle<never>(owner, id) })
}

/** Records the description of an object in Python. */
export function describe<T>(operation: string, subject: Handle): PlainHandle<T> {
  return subject.session.record(operation, [subject], {
    make: (session, id) => new PlainHandle<T>(session, id),
  })
}

/** Requests the description of an object that was just recorded, and frees the object if the description fails. */
export async function descriptionOf<T>(operation: string, subject: Handle): Promise<T> {
  const { session } = subject
  try {
    return (await session.compute(() => describe<T>(operation, subject))) as T
  } catch (error) {
    session.free(subject)
    throw error
  }
}

/** Sets whether CUDA may round the factors of float32 products to TF32, which is faster. Applies to the whole session; off by default. */
export function setTf32(session: Session, enabled: boolean): void {
  session.perform('set_tf32', [], { enabled })
}
