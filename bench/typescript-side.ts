import {
  type NoiseLevel,
  noiseLevelOf,
  type ParameterGroup,
  parameterGroups,
  type Session,
  type SessionCounters,
  selectImages,
  type Trainee,
  torch,
  trainUpdate,
} from '../src'
import { CONFIG, type Figures, LOADER, type PlannedUpdate, SPECS } from './finetuning-plan'

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
  readonly phases: Phases
}

/** The fine-tuning as `finetune` runs it: the same objects, the same update. */
export class TypeScriptSide {
  private constructor(
    private readonly trainee: Trainee,
    readonly level: NoiseLevel,
    readonly groups: readonly ParameterGroup[],
    readonly updatesPerEpoch: number,
  ) {}

  static async start(session: Session): Promise<TypeScriptSide> {
    const { method, optimisation } = CONFIG
    const denoiser = await torch.loadDenoiser(session, SPECS.denoiser)
    const classifier = await torch.loadClassifier(session, SPECS.classifier)
    const dataset = await torch.openDataset(session, SPECS.data)
    const loader = await torch.makeLoader(dataset, LOADER)
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
    const trainee: Trainee = {
      classifier,
      denoiser,
      optimizer,
      loader,
      level,
      group: torch.soleProcess(),
      rule: (correct, crossEntropy) => selectImages(correct, crossEntropy, method),
    }
    return new TypeScriptSide(trainee, level, groups, loader.batchesPerEpoch)
  }

  /** Takes one update. */
  async update({ startsEpoch, plan }: PlannedUpdate): Promise<TypeScriptUpdate> {
    const { trainee } = this
    const { counters } = trainee.classifier.session
    const before = { ...counters }
    const begunMs = performance.now()
    if (startsEpoch !== null) trainee.loader.start(startsEpoch)
    const { metrics } = await trainUpdate(trainee, plan)
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
