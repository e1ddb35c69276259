import {
  type NoiseLevel,
  type SelectionRule,
  type Session,
  type SessionCounters,
  selectImages,
  smoothingOf,
  torch,
} from '../../src'
import {
  ftCadis,
  noiseLevelOf,
  type ParameterGroup,
  parameterGroups,
  stepRunner,
  type TrainingState,
  trainUpdate,
} from '../../src/internal'
import { passSizesFor } from '../../src/training/prepare-run'
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

/** How many images of a micro-batch are attacked; null where the mask decides. Changed from update to update. */
interface Asked {
  attacked: number | null
}

/** The fine-tuning as `finetune` runs it: the same objects, the same update. */
export class TypeScriptSide {
  private constructor(
    private readonly workload: Workload,
    private readonly state: TrainingState,
    private readonly asked: Asked,
    readonly level: NoiseLevel,
    readonly groups: readonly ParameterGroup[],
    readonly updatesPerEpoch: number,
  ) {}

  static async start(session: Session, workload: Workload): Promise<TypeScriptSide> {
    const { config, specs } = workload
    const { method, optimisation, smoothing, seed, dtype, autocast } = config
    torch.setTf32(session, config.tf32)
    torch.manualSeed(session, seed, 'initialisation')
    const denoiser = await torch.loadDenoiser(session, specs.denoiser as torch.Spec, {
      dtype: workload.denoiser.dtype,
    })
    torch.compileNetwork(denoiser, { compiled: config.compile !== 'none' })
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
    const isClassifierCompiled = config.compile === 'all'
    torch.compileNetwork(classifier, { compiled: isClassifierCompiled })
    await session.flush()
    const asked: Asked = { attacked: null }
    const trained = { networks: { classifier }, smoothing: smoothingOf(denoiser, smoothing.sigma), loader }
    const steps = stepRunner(session, ftCadis, {
      ...{ ...trained, settings: method, prepared: { selector: null } },
      rule: ruleOf(asked),
      passSizes: isClassifierCompiled ? passSizesFor(workload.loader.batchSize) : null,
    })
    const microBatches = optimisation.imagesPerUpdate / workload.loader.batchSize
    return new TypeScriptSide(
      workload,
      {
        ...{ ...trained, optimizer, group: torch.soleProcess(), steps },
        statistics: torch.runningStatistics(classifier),
        averaged: null,
        judged: trained,
      },
      asked,
      noiseLevelOf(denoiser, smoothing.sigma),
      groups,
      Math.floor(loader.batchesPerEpoch / microBatches),
    )
  }

  /** Takes one update. */
  async update({ startsEpoch, plan, mode }: PlannedUpdate): Promise<TypeScriptUpdate> {
    const { state, asked } = this
    asked.attacked = attackedCount(mode, this.workload)
    const { counters } = state.loader.session
    const before = { ...counters }
    const begunMs = performance.now()
    if (startsEpoch !== null) state.loader.start(startsEpoch)
    const { metrics, deviceBytes } = await trainUpdate(state, plan)
    const totalMs = performance.now() - begunMs
    return {
      figures: {
        loss: metrics.loss,
        selectiveCrossEntropy: metrics.metrics.selectiveCrossEntropy ?? Number.NaN,
        adversarial: metrics.metrics.adversarial ?? Number.NaN,
        gradientNorm: metrics.gradientNorm,
        attacked: Math.round((metrics.metrics.attackedShare ?? Number.NaN) * plan.imagesPerUpdate),
      },
      totalMs,
      devicePeak: deviceBytes,
      phases: phasesOf(totalMs, before, counters),
    }
  }
}

/** The rule of the configuration; with a share for the mask that many images are attacked, whichever. */
function ruleOf(asked: Asked): SelectionRule {
  return ({ correct, crossEntropy }, { settings }) => {
    const selection = selectImages(correct, crossEntropy, settings)
    return asked.attacked === null ? selection : { ...selection, attacked: [...Array(asked.attacked).keys()] }
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
    answers: spent('roundTrips'),
    instructions: spent('instructions'),
    sentBytes: spent('sentBytes'),
    receivedBytes: spent('receivedBytes'),
  }
}
