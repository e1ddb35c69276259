import type { Read, Session } from '../bridge'
import { ConfigError } from '../errors'
import { copiesOf, requireLoss } from '../objectives/check-objective'
import type { MetricTable, MetricValues } from '../objectives/metrics'
import type { Form, GivenContext, LossTerm, Objective, Rule, StepInputs, Sums } from '../objectives/objective'
import type { Place } from '../objectives/place'
import { toSymmetric } from '../smoothing/denoise'
import { noiseFor } from '../smoothing/smoothing'
import { randomNumbers } from '../streams'
import {
  add,
  backward,
  div,
  type Generator,
  generator,
  type Loader,
  manualSeed,
  mul,
  type Tensor,
} from '../torch'

/** Sums over the images of a micro-batch, by name: `total`, `lossTerm`, and those of the objective. */
export type StepSums = Readonly<Record<string, number>>

/** The same sums before Python has computed them; null counts as 0. */
export type RecordedSums = Readonly<Record<string, Tensor<''> | null>> & { readonly total: Tensor<''> }

/** One micro-batch. */
export interface MicroBatchPlan {
  readonly place: Place
  /** The current settings of the objective. */
  readonly settings: Form['settings']
  readonly imagesPerUpdate: number
  /** Factor of the loss during the backward pass. */
  readonly lossScale: number
  /** The name of the micro-batch's random streams: seed, epoch, update, micro-batch. */
  readonly stream: readonly (string | number)[]
}

/** Runs micro-batches of one objective, whatever its types. */
export interface StepRunner {
  /** Names of all sums, in the order in which ranks sum them. */
  readonly sums: readonly string[]
  readonly metrics: MetricTable
  /** Returns the settings in force at a position of the run. */
  settingsAt(place: Place): Form['settings']
  /**
   * Computes the gradients of a micro-batch and adds them to the existing ones: one reply from Python, or two if there is a decision on
   * numbers.
   *
   * @param recordEnd - records everything to compute and read after the backward pass, from the sums in Python and those already known
   */
  microBatch<End>(
    plan: MicroBatchPlan,
    recordEnd: (recorded: RecordedSums, counted: StepSums) => End,
  ): Promise<{ readonly sums: StepSums; readonly end: Read<End> }>
  /** Returns the metrics of an update from its sums. */
  metricsOf(
    sums: StepSums,
    update: { readonly images: number; readonly settings: Form['settings'] },
  ): MetricValues
  /** Records the objective's changes to the weights after the optimizer's step. */
  afterStep(settings: Form['settings']): void
  /** Frees the recorded programs and the objective's prepared values. */
  free(): void
}

/** An objective and its inputs for training. */
export interface StepRun<F extends Form> {
  readonly networks: StepInputs<F>['networks']
  readonly smoothing: StepInputs<F>['smoothing']
  readonly settings: F['settings']
  readonly prepared: F['prepared']
  readonly loader: Loader
  readonly rule?: Rule<F> | undefined
  readonly lossTerm?: LossTerm<F> | undefined
  /** See {@link GivenContext.passSizes}. Default null. */
  readonly passSizes?: GivenContext['passSizes']
}

/** The trainer's own sums. */
const OWN_SUMS = ['total', 'lossTerm'] as const

/**
 * Makes a runner for micro-batches of an objective.
 *
 * @throws ConfigError for a rule if the objective makes no decision
 */
export function stepRunner<F extends Form>(
  session: Session,
  objective: Objective<F>,
  run: StepRun<F>,
): StepRunner {
  const { networks, smoothing, prepared, loader, rule, lossTerm, passSizes = null } = run
  if (rule !== undefined && objective.decide === undefined) {
    throw new ConfigError(`The method ${objective.kind} decides nothing, so no rule can take its place.`, {
      remedy: 'Leave the rule out, or choose another method.',
    })
  }
  const decide = rule ?? objective.decide?.bind(objective)
  const programs = programsOf(session, objective)
  const copies = (settings: F['settings']) => objective.copies(settings)

  const preparedAt = (place: Place): F['prepared'] => objective.preparedAt?.(place, prepared) ?? prepared
  const open = ({ place, settings, imagesPerUpdate, stream }: MicroBatchPlan): OpenInputs<F> => {
    // Dropout and stochastic depth use torch's global stream; seeded by name, it needs no saving and restoring.
    manualSeed(session, ...stream, 'modules')
    return {
      ...{ networks, smoothing, loader, imagesPerUpdate },
      prepared: preparedAt(place),
      settings: settings as F['settings'],
      noise: generator(session, ...stream, 'noise'),
    }
  }
  const decisionOf = (judgement: Read<F['asked']>, labels: readonly number[], plan: MicroBatchPlan) => {
    const decision = decide?.(judgement, {
      settings: plan.settings as F['settings'],
      labels,
      position: plan.place,
      random: randomNumbers(...plan.stream, 'decide'),
    }) as F['decision']
    objective.check?.(decision, judgement, rule?.name || 'of the run')
    return decision
  }
  const givenOf = (decision: F['decision'], { settings, stream }: MicroBatchPlan): F['given'] =>
    objective.given?.(decision, { networks, settings: settings as F['settings'], stream, passSizes }) ?? null

  /** One program: nothing is read before the losses. */
  const whole: StepRunner['microBatch'] = async (plan, recordEnd) => {
    const judgement = null as Read<F['asked']>
    const decision = decisionOf(judgement, [], plan)
    const counted = countsOf(objective.count?.(decision, judgement) ?? {})
    const found = await session.compute(() => {
      const given = givenOf(decision, plan)
      const { lossScale } = plan
      const recorded =
        lossTerm === undefined
          ? { ...programs.whole.call({ ...open(plan), kept: null, given, lossScale }), lossTerm: null }
          : learnWith(objective, opened(objective, open(plan)), {
              kept: null,
              given,
              decision,
              lossScale,
              lossTerm,
            })
      return { recorded, end: recordEnd(recorded, counted) }
    })
    return { sums: sumsOf(found.recorded, counted), end: found.end }
  }

  /** Two programs: the first is read for the decision, the second computes the loss. */
  const inTwo: StepRunner['microBatch'] = async (plan, recordEnd) => {
    const looked = session.scope(() => programs.look.call(open(plan)))
    try {
      const { asked, labels } = await session.read({ asked: looked.asked, labels: looked.batch.labels_B })
      const judgement = asked as Read<F['asked']>
      const decision = decisionOf(judgement, labels, plan)
      const counted = countsOf(objective.count?.(decision, judgement) ?? {})
      const { asked: _, kept, ...step } = looked
      const { settings, imagesPerUpdate, lossScale } = plan
      const found = await session.compute(() => {
        const given = givenOf(decision, plan)
        const inputs = {
          ...{ ...step, networks, smoothing, imagesPerUpdate },
          prepared: preparedAt(plan.place),
          settings: settings as F['settings'],
        }
        const recorded =
          lossTerm === undefined
            ? { ...programs.learn.call({ ...inputs, kept, given, lossScale }), lossTerm: null }
            : learnWith(objective, inputs, { kept, given, decision, lossScale, lossTerm })
        return { recorded, end: recordEnd(recorded, counted) }
      })
      return { sums: sumsOf(found.recorded, counted), end: found.end }
    } finally {
      session.free(looked)
    }
  }

  return {
    sums: [...OWN_SUMS, ...objective.sums],
    metrics: objective.metrics,
    settingsAt: place => objective.at?.(place, run.settings) ?? run.settings,
    microBatch: objective.look === undefined ? whole : inTwo,
    metricsOf: (sums, { images, settings }) => {
      const context = { images, copies: images * copies(settings), settings: settings as F['settings'] }
      return Object.fromEntries(
        Object.entries(objective.metrics).map(([key, metric]) => [
          key,
          metric.of === undefined
            ? (sums[key] ?? 0) / images
            : metric.of(sums as Readonly<Record<F['sums'], number>>, context),
        ]),
      )
    },
    afterStep: settings =>
      objective.afterStep?.({ networks, smoothing, settings: settings as F['settings'] }),
    free: () => {
      for (const program of Object.values(programs)) program.free()
      session.free(prepared)
    },
  }
}

/** Inputs that start a program of an objective. */
interface OpenInputs<F extends Form>
  extends Pick<StepInputs<F>, 'networks' | 'smoothing' | 'prepared' | 'settings' | 'imagesPerUpdate'> {
  readonly loader: Loader
  readonly noise: Generator
}

interface LearnInputs<F extends Form> {
  readonly kept: F['kept']
  readonly given: F['given']
  readonly lossScale: number
}

/** Returns the programs of an objective: recorded and sent once, then run with new inputs. */
function programsOf<F extends Form>(session: Session, objective: Objective<F>) {
  return {
    look: session.procedure((inputs: OpenInputs<F>) => {
      const step = opened(objective, inputs)
      const { batch, indices_B, clean_BCHW, noise_MBCHW } = step
      const looked = objective.look?.(step)
      const given = { batch, indices_B, clean_BCHW, noise_MBCHW }
      return { ...given, asked: looked?.asked, kept: looked?.kept as F['kept'] }
    }),
    learn: session.procedure(({ kept, given, lossScale, ...inputs }: StepInputs<F> & LearnInputs<F>) =>
      learn(objective, inputs as unknown as StepInputs<F>, { kept, given, lossScale }),
    ),
    whole: session.procedure(({ kept, given, lossScale, ...inputs }: OpenInputs<F> & LearnInputs<F>) =>
      learn(objective, opened(objective, inputs as unknown as OpenInputs<F>), { kept, given, lossScale }),
    ),
  }
}

/** Returns the loader's next batch, and noise for it. */
function opened<F extends Form>(
  objective: Objective<F>,
  { loader, noise, ...inputs }: OpenInputs<F>,
): StepInputs<F> {
  const batch = loader.nextBatch()
  const indices_B = objective.usesIndices === true ? loader.batchIndices() : undefined
  const clean_BCHW = toSymmetric(batch.images_BCHW)
  const noises = copiesOf(objective, inputs.settings)
  const noise_MBCHW = noiseFor(inputs.smoothing, clean_BCHW, { noises, generator: noise })
  return { ...inputs, batch, indices_B, clean_BCHW, noise_MBCHW }
}

function learn<F extends Form>(
  objective: Objective<F>,
  inputs: StepInputs<F>,
  { kept, given, lossScale }: LearnInputs<F>,
): RecordedSums {
  const { total, sums } = requireLoss(objective, objective.loss(inputs, { kept, given }))
  backwardScaled(total, lossScale)
  return { total, ...tensorsOf(sums) }
}

/** Learns with a custom term, which may depend on anything: it is recorded each time. */
function learnWith<F extends Form>(
  objective: Objective<F>,
  inputs: StepInputs<F>,
  {
    kept,
    given,
    decision,
    lossScale,
    lossTerm,
  }: LearnInputs<F> & { readonly decision: F['decision']; readonly lossTerm: LossTerm<F> },
): RecordedSums {
  const { total, sums, made } = requireLoss(objective, objective.loss(inputs, { kept, given }))
  const term = lossTerm(inputs, { kept, given, decision, made })
  const withTerm = add(total, div(term, inputs.imagesPerUpdate))
  backwardScaled(withTerm, lossScale)
  return { total: withTerm, lossTerm: term, ...tensorsOf(sums) }
}

/** Runs backward from a scaled loss, so that small float16 gradients do not underflow. */
function backwardScaled(total: Tensor<''>, lossScale: number): void {
  backward(lossScale === 1 ? total : mul(total, lossScale))
}

function tensorsOf<F extends Form>(sums: Sums<F, Tensor<''>>): Record<string, Tensor<''> | null> {
  return Object.fromEntries(
    Object.entries<Tensor<''> | null | undefined>(sums).map(([name, sum]) => [name, sum ?? null]),
  )
}

function countsOf<F extends Form>(sums: Sums<F, number>): StepSums {
  return Object.fromEntries(
    Object.entries<number | null | undefined>(sums).map(([name, sum]) => [name, sum ?? 0]),
  )
}

function sumsOf(recorded: Read<RecordedSums>, counted: StepSums): StepSums {
  const read = Object.entries<number | null>(recorded).map(([name, sum]) => [name, sum ?? 0] as const)
  return { ...Object.fromEntries(read), ...counted }
}
