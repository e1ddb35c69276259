import {
  type NoiseLevel,
  noiseLevelOf,
  type ParameterGroup,
  parameterGroups,
  type SelectionRule,
  type Session,
  type SessionCounters,
  selectImages,
  stepProcedures,
  type Trainee,
  torch,
  trainUpdate,
} from '../../src'
import { attackedCount, type Figures, type PlannedUpdate, type Workload } from './workload'

/** Where the time of an update went on the TypeScript side. The first five add up to the whole. */
export interface Phases {
  /** Recording, selection, and everything else in Node between the programs. */
  readonly recordMs: number
  readonly encodeMs: number
  /** Between Node and Python: pythonia, the pipe, and waking up. */
  readonly transportMs: number
  /** Python runs the programs. */
  readonly pythonMs: number
  readonly decodeMs: number
  readonly answers: number
  readonly instructions: number
  readonly sentBytes: number
  readonly receivedBytes: number
}

export interface TypeScriptUpdate {
  readonly figures: Figures
  readonly totalMs: number
  /** Most memory on the device so far; null on the CPU. */
  readonly devicePeak: number | null
  readonly phases: Phases
}

/** The fine-tuning as `finetune` runs it: the same objects, the same update. */
export class TypeScriptSide {
  /** How many images of a micro-batch are attacked; `null` where the mask decides. */
  #attacked: number | null = null

  private constructor(
    private readonly workload: Workload,
    private readonly trainee: Omit<Trainee, 'rule'>,
    readonly level: NoiseLevel,
    readonly groups: readonly ParameterGroup[],
    readonly updatesPerEpoch: number,
  ) {}

  static async start(session: Session, workload: Workload): Promise<TypeScriptSide> {
    const { config, specs } = workload
    const { method, optimisation, seed, dtype, autocast } = config
    torch.setTf32(session, config.tf32)
    torch.manualSeed(session, seed, 'initialisation')
    const denoiser = await torch.loadDenoiser(session, specs.denoiser as torch.Spec, {
      dtype: config.denoiser.dtype,
    })
    torch.compileDenoiser(denoiser, { compiled: config.compileDenoiser })
    torch.manualSeed(session, seed, 'initialisation')
    const classifier = await torch.loadClassifier(session, specs.classifier as torch.Spec, {
      dtype,
      autocast,
    })
    const dataset = await torch.openDataset(session, specs.data as torch.Spec)
    const loader = await torch.makeLoader(dataset, workload.loader)
    const groups = parameterGroups(classifier.description.parameters, {
      layerDecay: optimisation.layerDecay,
      weightDecay: optimisation.weightDecay.start,
      normPre: optimisation.normPre,
      depth: classifier.description.depth,
    })
    const optimizer = torch.adamW(
      classifier,
      groups.map(({ parameters, weightDecay }) => ({ parameters, learningRate: 0, weightDecay })),
      { betas: optimisation.betas },
    )
    await session.flush()
    const level = noiseLevelOf(denoiser, method.sigma)
    const trainee = {
      classifier,
      denoiser,
      optimizer,
      loader,
      level,
      group: torch.soleProcess(),
      procedures: stepProcedures(session),
    }
    const microBatches = optimisation.imagesPerUpdate / workload.loader.batchSize
    return new TypeScriptSide(
      workload,
      trainee,
      level,
      groups,
      Math.floor(loader.batchesPerEpoch / microBatches),
    )
  }

  /** The rule of the configuration; with a share for the mask that many images are attacked, whichever. */
  readonly #rule: SelectionRule = (correct, crossEntropy) => {
    const selection = selectImages(correct, crossEntropy, this.workload.config.method)
    return this.#attacked === null ? selection : { ...selection, attacked: [...Array(this.#attacked).keys()] }
  }

  /** Takes one update. */
  async update({ startsEpoch, plan, mode }: PlannedUpdate): Promise<TypeScriptUpdate> {
    const { trainee } = this
    this.#attacked = attackedCount(mode, this.workload)
    const { counters } = trainee.classifier.session
    const before = { ...counters }
    const begunMs = performance.now()
    if (startsEpoch !== null) trainee.loader.start(startsEpoch)
    const { metrics, deviceBytes } = await trainUpdate({ ...trainee, rule: this.#rule }, plan)
    const totalMs = performance.now() - begunMs
    return {
      figures: {
        loss: metrics.loss,
        selectiveCrossEntropy: metrics.selectiveCrossEntropy,
        adversarial: metrics.adversarial,
        gradientNorm: metrics.gradientNorm,
        attacked: Math.round(metrics.attackedShare * plan.imagesPerUpdate),
      },
      totalMs,
      devicePeak: deviceBytes,
      phases: phasesOf(totalMs, before, counters),
    }
  }
}

function phasesOf(totalMs: number, before: SessionCounters, after: SessionCounters): Phases {
  const spent = (name: keyof SessionCounters) => after[name] - before[name]
  const [encodeMs, waitedMs, decodeMs] = [spent('encodedMs'), spent('waitedMs'), spent('decodedMs')]
  return {
    recordMs: totalMs - encodeMs - waitedMs - decodeMs,
    encodeMs,
    transportMs: waitedMs - spent('pythonMs'),
    pythonMs: spent('pythonMs'),
    decodeMs,
    answers: spent('answers'),
    instructions: spent('instructions'),
    sentBytes: spent('sentBytes'),
    receivedBytes: spent('receivedBytes'),
  }
}
