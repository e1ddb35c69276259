import type { z } from 'zod'
import type { Read, Session } from '../bridge'
import type { Trained } from '../config/methods/trained'
import type { ClassifierConfig } from '../config/schema'
import type { Smoothing } from '../smoothing/smoothing'
import type { AnyDenoiser, Batch, Classifier, Dataset, DatasetDescription, Tensor } from '../torch'
import { requireObjective } from './check-objective'
import type { MetricDescription } from './metrics'
import type { Place } from './place'

/** The networks of a run. An objective's other networks are {@link Objective.prepare | prepared}. */
export interface TrainedNetworks {
  /**
   * The classifier that is trained. If several members are trained together, the first; if a denoiser is trained, the frozen classifier
   * behind it.
   */
  readonly classifier: Classifier
  /** All members that are trained together, including the first. Absent if one classifier is trained. */
  readonly members?: readonly Classifier[]
  /** The denoiser of the smoothing, if it is trained; in the evaluation, with averaged weights if the run keeps them. */
  readonly denoiser?: AnyDenoiser
}

/** The types of one objective, by name. */
export interface Form {
  /** Its section `method` of the configuration. σ is the smoothing's. */
  readonly settings: { readonly kind: string }
  /** Handles and plain data that are made once, for example frozen networks. */
  readonly prepared: unknown
  /** Tensors of the first program that are read for the decision. */
  readonly asked: unknown
  /** Tensors of the first program that stay in Python for the second. */
  readonly kept: unknown
  /** Plain data. */
  readonly decision: unknown
  /** The decision in the form that the second program expects: tensors, and plain data that change the recording. */
  readonly given: unknown
  /** Names of the sums over the images of an update. */
  readonly sums: string
  /** Values that a custom loss term can use besides `kept`. */
  readonly made: unknown
}

/** The form of an objective that needs only the batch: one program, no decision. */
export interface SimpleForm<Settings extends { readonly kind: string }, Sums extends string> extends Form {
  readonly settings: Settings
  readonly prepared: null
  readonly asked: null
  readonly kept: null
  readonly decision: null
  readonly given: null
  readonly sums: Sums
  readonly made: null
}

/**
 * Inputs from which both programs of a step are recorded: only handles and plain data. A program is recorded once and replayed as long as
 * only handles differ. Other plain data need another recording, and only the last eight are kept. So pass anything with many values as a
 * tensor; see {@link Objective.given}.
 */
export interface StepInputs<F extends Form = Form> {
  readonly networks: TrainedNetworks
  readonly smoothing: Smoothing
  /** Images in [0, 1] from the loader, and their labels. */
  readonly batch: Batch
  /** The same images in [-1, 1]. */
  readonly clean_BCHW: Tensor<'BCHW'>
  /** Positions of the images in the training set, if the objective {@link Objective.usesIndices | uses} them. */
  readonly indices_B?: Tensor<'B'> | undefined
  /** Standard normal noise. M is `copies(settings)`. */
  readonly noise_MBCHW: Tensor<'MBCHW'>
  /** The settings in force at this position of the run. */
  readonly settings: F['settings']
  readonly prepared: F['prepared']
  /** Images per optimizer update, over all micro-batches and ranks: the divisor of the total. */
  readonly imagesPerUpdate: number
}

/** Sums over the images of a micro-batch. Missing sums count as 0. */
export type Sums<F extends Form, Value> = { readonly [name in F['sums']]?: Value | null | undefined }

/** The loss of a micro-batch. */
export interface Loss<F extends Form> {
  /** This micro-batch's share of the update's loss: a sum over its images, divided by the images of the update. */
  readonly total: Tensor<''>
  readonly sums: Sums<F, Tensor<''>>
  readonly made?: F['made']
}

/** One metric of an update, from its sums. */
export interface Metric<F extends Form = Form> extends MetricDescription {
  /** Default: the sum of the same name, divided by the images. */
  of?(sums: Readonly<Record<F['sums'], number>>, context: MetricContext<F>): number | null
}

export interface MetricContext<F extends Form = Form> {
  /** Images of the update. */
  readonly images: number
  /** Their noisy copies: M times as many. */
  readonly copies: number
  readonly settings: F['settings']
}

/** An inclusive range. */
export interface Range {
  readonly least: number
  readonly most: number
}

/** Passes through the networks per training image. */
export interface Passes {
  readonly denoiserForward: number
  readonly classifierForward: Range
  readonly classifierBackward: Range
}

/** The quantities that determine a micro-batch's memory, per training image. */
export interface Footprint {
  /** Images with live graphs at the same time, without attacked ones. */
  readonly graphs: number
  /** Largest number of images that are attacked and then classified with a graph. */
  readonly attacked: number
  /** Frozen copies of the classifier that stay loaded. */
  readonly frozenCopies: number
}

export interface PrepareContext<F extends Form> {
  readonly session: Session
  readonly settings: F['settings']
  readonly networks: TrainedNetworks
  readonly smoothing: Smoothing
  readonly trainSet: Dataset
  /**
   * Loads another classifier for the data, which is not trained.
   *
   * @throws ConfigError, like a certification, if it does not fit the data or has random weights
   */
  loadFrozen(config: ClassifierConfig): Promise<Classifier>
  /** Returns a frozen copy of the classifier with its initial weights, also in a resumed run. */
  initialClassifier(): Promise<Classifier>
}

/** Everything that a decision may depend on besides the values that were read. */
export interface DecideContext<F extends Form = Form> {
  /** The settings in force. */
  readonly settings: F['settings']
  /** Labels of the micro-batch: [B]. Empty for an objective without `look`, which reads nothing. */
  readonly labels: readonly number[]
  readonly position: Place
  /** Uniform numbers in [0, 1): a function of the seed, the position and the micro-batch. */
  readonly random: () => number
}

export interface GivenContext<F extends Form = Form> {
  readonly networks: TrainedNetworks
  /** The settings in force. */
  readonly settings: F['settings']
  /** The name of the micro-batch: seed, position in the run, micro-batch. */
  readonly stream: readonly (string | number)[]
  /**
   * Ascending numbers of images. A classifier pass over some images of the batch must have one of these sizes, padded with copies that do
   * not count. Absent or null if any size will do.
   */
  readonly passSizes?: readonly number[] | null | undefined
}

/** The evaluation after each epoch: sums over test images, and metrics that are their means. */
export interface Evaluation {
  /** Records sums over the images of one pass, by metric; a metric that does not apply to this run is null on every pass. */
  look(inputs: EvaluationInputs): Readonly<Record<string, Tensor<''> | null>>
  readonly metrics: Readonly<Record<string, MetricDescription>>
  /**
   * The metric that selects the best checkpoint; the first of equally good epochs wins. `newest` if no metric applies: the last epoch with
   * a finite value wins.
   */
  readonly best: { readonly metric: string; readonly is: 'largest' | 'smallest' | 'newest' }
}

export interface EvaluationInputs {
  readonly networks: TrainedNetworks
  readonly smoothing: Smoothing
  readonly labels_B: Tensor<'B'>
  readonly clean_BCHW: Tensor<'BCHW'>
  /** One noise for each image: M is 1. */
  readonly noise_MBCHW: Tensor<'MBCHW'>
}

/**
 * A way to train, with everything that the trainer needs to know about it. A micro-batch passes through
 *
 *     at → look (program 1) → decide, check, count (plain TypeScript) → given → loss (program 2)
 *
 * Without `look` there is only one program. The trainer draws the noise, runs backward from the total, accumulates gradients over
 * micro-batches and ranks, steps the optimizer and writes the run; an objective does none of these.
 */
export interface Objective<F extends Form = Form> {
  readonly kind: F['settings']['kind']
  /** The schema of its section `method`, including `kind`. */
  readonly settings: z.ZodType<F['settings']>
  /**
   * The networks to train; one optimizer has all their parameters. Default `classifier`, the only choice for an objective from a script.
   */
  readonly trains?: Trained
  /**
   * The decay of a moving average of the weights, for an objective that trains a diffusion model. The average is evaluated, shown and
   * exported. Default none.
   */
  averageDecay?(settings: F['settings']): number
  /** The members to train, for an objective that trains `members`. */
  members?(settings: F['settings']): {
    readonly count: number
    readonly weights?: readonly string[] | undefined
  }
  /** M: noises of each image. */
  copies(settings: F['settings']): number
  /** Whether the steps get {@link StepInputs.indices_B}. Default false. */
  readonly usesIndices?: boolean
  /** Number of classes of the head. Default: those of the data. */
  head?(data: DatasetDescription, settings: F['settings']): number
  /** Paths of the files that the settings name, by field: a run resumes only with the same content. Default none. */
  files?(settings: F['settings']): Readonly<Record<string, string>>
  /** Loads everything the run needs besides the trained networks. Freed at the end of the run. */
  prepare?(context: PrepareContext<F>): Promise<F['prepared']>
  /**
   * Returns the prepared values in use at a position of the run. If handles take turns, always return a single one: the step is then
   * recorded once, not once per handle.
   */
  preparedAt?(place: Place, prepared: F['prepared']): F['prepared']
  /** The settings in force at a position of the run, with ramps and phases resolved. */
  at?(place: Place, settings: F['settings']): F['settings']
  /** Program 1: `asked` is read, `kept` stays in Python. */
  look?(inputs: StepInputs<F>): { readonly asked: F['asked']; readonly kept: F['kept'] }
  /** A pure function of the values read and the context. A custom rule replaces it. */
  decide?(judgement: Read<F['asked']>, context: DecideContext<F>): F['decision']
  /**
   * Checks that a decision fits the values read.
   *
   * @param rule - name of the rule that decided
   * @throws ShapeError that names the rule and the field
   */
  check?(decision: F['decision'], judgement: Read<F['asked']>, rule: string): void
  /** Returns the sums that are known before the losses. */
  count?(decision: F['decision'], judgement: Read<F['asked']>): Sums<F, number>
  /**
   * Records a decision as tensors, outside the programs, and random streams for the loss, named by `stream` and a purpose:
   * `generator(session, ...stream, 'mixing')`.
   */
  given?(decision: F['decision'], context: GivenContext<F>): F['given']
  /** Program 2, or the only program. */
  loss(inputs: StepInputs<F>, decided: { readonly kept: F['kept']; readonly given: F['given'] }): Loss<F>
  /**
   * Records operations that follow each optimizer step, with the new weights, for example a projection. It may change only parameters and
   * depend only on its inputs: each process of a launched run executes it separately.
   */
  afterStep?(context: Pick<StepInputs<F>, 'networks' | 'smoothing' | 'settings'>): void
  /** Whether the loss of an update is the sum of its micro-batches' shares. Default true. */
  readonly isAdditive?: boolean
  readonly sums: readonly F['sums'][]
  readonly metrics: Readonly<Record<string, Metric<F>>>
  passes(
    settings: F['settings'],
    context: { readonly usesBatchStatistics: boolean; readonly hasDenoiser: boolean },
  ): Passes
  footprint(settings: F['settings']): Footprint
  /** Default: accuracy on clean and on noisy test images, see `accuracy`. */
  readonly evaluation?: Evaluation
}

/** A custom rule that replaces an objective's `decide`. Errors show its name, if any. */
export type Rule<F extends Form> = (judgement: Read<F['asked']>, context: DecideContext<F>) => F['decision']

/**
 * A custom term of the loss: a sum over the images of the micro-batch. Its gradient is divided by the number of images in the update. It
 * may depend on anything, so the step is recorded each time.
 */
export type LossTerm<F extends Form> = (
  inputs: StepInputs<F>,
  decided: {
    readonly kept: F['kept']
    readonly given: F['given']
    readonly decision: F['decision']
    readonly made: F['made'] | undefined
  },
) => Tensor<''>

/** An objective whose form only it knows. Callers pass a function that uses it, which keeps the types; a list of `Objective` could not. */
export type AnyObjective = <Result>(use: <F extends Form>(objective: Objective<F>) => Result) => Result

/**
 * Prepares an objective for a list with others.
 *
 * `examples/custom-objective.ts` is a complete one.
 *
 * @throws ConfigError that names every missing field
 */
export function defineObjective<F extends Form>(objective: Objective<F>): AnyObjective {
  requireObjective(objective)
  return use => use(objective)
}
