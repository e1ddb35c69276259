import type { z } from 'zod'
import type { Read, Session } from '../bridge'
import type { Trained } from '../config/methods/trained'
import type { ClassifierConfig } from '../config/schema'
import type { Smoothing } from '../smoothing/smoothing'
import type { AnyDenoiser, Batch, Classifier, Dataset, DatasetDescription, Tensor } from '../torch'
import { requireObjective } from './check-objective'
import type { MetricDescription } from './metrics'
import type { Place } from './place'

/** The networks of a run. Others that an objective needs are {@link Objective.prepare | prepared}. */
export interface TrainedNetworks {
  /** The classifier that is trained; of members that are trained together the first; behind a denoiser that is trained a frozen one. */
  readonly classifier: Classifier
  /** All members that are trained together, the first included. Absent where one classifier is trained. */
  readonly members?: readonly Classifier[]
  /** The denoiser of the smoothing, where it is what is trained; in evaluation with the averaged weights where there are such. */
  readonly denoiser?: AnyDenoiser
}

/** The types that one objective is made of, by name. */
export interface Form {
  /** Its section `method` of the configuration. σ is the smoothing's. */
  readonly settings: { readonly kind: string }
  /** Handles and plain data that are made once, such as frozen networks. */
  readonly prepared: unknown
  /** Tensors of the first program that are read, for the decision. */
  readonly asked: unknown
  /** What the first program leaves in Python for the second. */
  readonly kept: unknown
  /** Plain data. */
  readonly decision: unknown
  /** The decision as the second program takes it: tensors, and plain data that change what is recorded. */
  readonly given: unknown
  /** Names of what is summed over the images of an update. */
  readonly sums: string
  /** What a loss term of the user's can use beside `kept`. */
  readonly made: unknown
}

/** The form of an objective that needs nothing but the batch: one program, no decision. */
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
 * What both programs of a step are recorded from: handles and plain data, nothing else. A program is recorded once and
 * replayed while only handles differ. Other plain data make another recording, of which the last eight are kept: what
 * takes many values is to come as a tensor, see {@link Objective.given}.
 */
export interface StepInputs<F extends Form = Form> {
  readonly networks: TrainedNetworks
  readonly smoothing: Smoothing
  /** Images in [0, 1], as the loader gives them, and labels. */
  readonly batch: Batch
  /** The same images in [-1, 1]. */
  readonly clean_BCHW: Tensor<'BCHW'>
  /** Where the images stand in the training set, of an objective that {@link Objective.usesIndices | uses} it. */
  readonly indices_B?: Tensor<'B'> | undefined
  /** Standard normal noise. M is `copies(settings)`. */
  readonly noise_MBCHW: Tensor<'MBCHW'>
  /** The settings in force at this place of the run. */
  readonly settings: F['settings']
  readonly prepared: F['prepared']
  /** Images behind one optimizer update, over all micro-batches and ranks: the total is divided by it. */
  readonly imagesPerUpdate: number
}

/** Sums over the images of a micro-batch. What is left out counts 0. */
export type Sums<F extends Form, Value> = { readonly [name in F['sums']]?: Value | null | undefined }

/** The loss of a micro-batch. */
export interface Loss<F extends Form> {
  /** This micro-batch's share of the update's loss: a sum over its images, divided by the images of the update. */
  readonly total: Tensor<''>
  readonly sums: Sums<F, Tensor<''>>
  readonly made?: F['made']
}

/** One number of an update, from its sums. */
export interface Metric<F extends Form = Form> extends MetricDescription {
  /** Default: the sum of the same name, divided by the images. */
  of?(sums: Readonly<Record<F['sums'], number>>, context: MetricContext<F>): number | null
}

export interface MetricContext<F extends Form = Form> {
  /** Images of the update. */
  readonly images: number
  /** Noisy copies of them: M times as many. */
  readonly copies: number
  readonly settings: F['settings']
}

/** At least and at most. */
export interface Range {
  readonly least: number
  readonly most: number
}

/** How many images go through the networks for each training image. */
export interface Passes {
  readonly denoiserForward: number
  readonly classifierForward: Range
  readonly classifierBackward: Range
}

/** What decides the memory of a micro-batch, for each training image. */
export interface Footprint {
  /** Images whose graphs live at once, attacked ones apart. */
  readonly graphs: number
  /** Images that are attacked at most, and then classified with a graph. */
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
   * A further classifier of the data, which stays as it is.
   *
   * @throws ConfigError, as a certification, if it does not fit the data or has random weights
   */
  loadFrozen(config: ClassifierConfig): Promise<Classifier>
  /** A frozen copy of the classifier with its initial weights, in a resumed run too. */
  initialClassifier(): Promise<Classifier>
}

/** What a decision may depend on beside what was read. */
export interface DecideContext<F extends Form = Form> {
  /** The settings in force. */
  readonly settings: F['settings']
  /** Labels of the micro-batch: [B]. Empty for an objective without `look`, of which nothing is read. */
  readonly labels: readonly number[]
  readonly position: Place
  /** Uniform numbers in [0, 1): a function of the seed, the position and the micro-batch. */
  readonly random: () => number
}

export interface GivenContext<F extends Form = Form> {
  readonly networks: TrainedNetworks
  /** The settings in force. */
  readonly settings: F['settings']
  /** The name of the micro-batch: seed, place in the run, micro-batch. */
  readonly stream: readonly (string | number)[]
  /**
   * Ascending numbers of images: a pass of the classifier over some images of the batch is to be of one of them, filled up
   * with copies that count nothing. Absent or null where it may be of any.
   */
  readonly passSizes?: readonly number[] | null | undefined
}

/** How a run is judged after each epoch: sums over test images, and metrics that are their means. */
export interface Evaluation {
  /** Records sums over the images of one pass, by metric; null where this run has none, on every pass. */
  look(inputs: EvaluationInputs): Readonly<Record<string, Tensor<''> | null>>
  readonly metrics: Readonly<Record<string, MetricDescription>>
  /**
   * The metric that the best checkpoint is chosen by; the first epoch of several equal ones is the best. `newest` where no
   * metric tells: the last epoch with a finite value is taken.
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
 * One way to train: all that the trainer has to know of it. A micro-batch goes
 *
 *     at → look (program 1) → decide, check, count (plain TypeScript) → given → loss (program 2)
 *
 * and without `look` there is one program. The trainer draws the noise, goes backward from the total, adds gradients up
 * over micro-batches and ranks, steps the optimizer and writes the run; an objective does none of these.
 */
export interface Objective<F extends Form = Form> {
  readonly kind: F['settings']['kind']
  /** The schema of its section `method`, `kind` included. */
  readonly settings: z.ZodType<F['settings']>
  /**
   * What is trained: one optimizer has the parameters of all of it. Default `classifier`, which is all that an objective of a
   * script can train.
   */
  readonly trains?: Trained
  /**
   * The decay of a moving average of the weights, of an objective that trains a diffusion model: what is evaluated, shown
   * and exported. Default none.
   */
  averageDecay?(settings: F['settings']): number
  /** The members to train, of an objective that trains `members`. */
  members?(settings: F['settings']): {
    readonly count: number
    readonly weights?: readonly string[] | undefined
  }
  /** M: noises of each image. */
  copies(settings: F['settings']): number
  /** Whether the steps get {@link StepInputs.indices_B}. Default false. */
  readonly usesIndices?: boolean
  /** How many classes the head is to have. Default: those of the data. */
  head?(data: DatasetDescription, settings: F['settings']): number
  /** Paths of the files that the settings name, by field: a run is resumed with the same content alone. Default none. */
  files?(settings: F['settings']): Readonly<Record<string, string>>
  /** Loads what the run needs beside the trained networks. It is freed at the end of the run. */
  prepare?(context: PrepareContext<F>): Promise<F['prepared']>
  /**
   * What of the prepared has its turn at a place of the run. Where handles take turns, one is to come back, whichever: the step
   * is then recorded once, and not for each of them.
   */
  preparedAt?(place: Place, prepared: F['prepared']): F['prepared']
  /** The settings in force at a place of the run: ramps and phases resolved. */
  at?(place: Place, settings: F['settings']): F['settings']
  /** Program 1: what is `asked` is read, what is `kept` stays in Python. */
  look?(inputs: StepInputs<F>): { readonly asked: F['asked']; readonly kept: F['kept'] }
  /** A pure function of what was read and of the context. A rule of the user's takes its place. */
  decide?(judgement: Read<F['asked']>, context: DecideContext<F>): F['decision']
  /**
   * Refuses a decision that does not fit what was read.
   *
   * @param rule - name of the rule that decided
   * @throws ShapeError that names the rule and the field
   */
  check?(decision: F['decision'], judgement: Read<F['asked']>, rule: string): void
  /** Sums that are known before the losses are. */
  count?(decision: F['decision'], judgement: Read<F['asked']>): Sums<F, number>
  /**
   * Records a decision as tensors, outside of the programs; and random streams that the loss draws from, named by `stream`
   * and a purpose: `generator(session, ...stream, 'mixing')`.
   */
  given?(decision: F['decision'], context: GivenContext<F>): F['given']
  /** Program 2, or the only one. */
  loss(inputs: StepInputs<F>, decided: { readonly kept: F['kept']; readonly given: F['given'] }): Loss<F>
  /**
   * Records what follows each step of the optimizer, with the new weights: a projection of them, for instance. It changes
   * parameters alone, and by nothing but what it is given: each process of a launched run does it for itself.
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

/** A rule of the user's in place of an objective's `decide`. Its name, if it has one, stands in errors. */
export type Rule<F extends Form> = (judgement: Read<F['asked']>, context: DecideContext<F>) => F['decision']

/**
 * A term of the user's that is added to the loss: a sum over the images of the micro-batch. Its gradient counts divided by
 * the images of the update. It may depend on anything, so with one the step is recorded each time.
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

/**
 * An objective whose form only itself knows. What is done with it is handed in and keeps the types; a list of
 * `Objective` could not hold them.
 */
export type AnyObjective = <Result>(use: <F extends Form>(objective: Objective<F>) => Result) => Result

/**
 * Makes an objective ready to be listed beside others.
 *
 * `examples/custom-objective.ts` is a whole one.
 *
 * @throws ConfigError that names every field that it lacks
 */
export function defineObjective<F extends Form>(objective: Objective<F>): AnyObjective {
  requireObjective(objective)
  return use => use(objective)
}
