import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, type RunConfig, type Session, syntheticRun, torch } from '../../src'
import { namedPreset } from '../../src/config/named-presets'
import { resolveInterpreter } from '../../src/environment/interpreter'
import { given } from '../../src/files/given'
import { OBJECTIVES } from '../../src/objectives/registry'
import { planRun } from '../../src/runs/plan-run'
import { classifierSpec, datasetSpec } from '../../src/smoothing/specs'
import { optimiserSchedule } from '../../src/training/hyperparameters'
import { prepareRun } from '../../src/training/prepare-run'
import { trainUpdate } from '../../src/training/train-step'
import { PlainLoop } from '../plain-loop'
import { writeRandomImages } from './random-images'

/** A method of Table 1 whose step is timed, with the settings of its preset and random images. */
export interface Baseline {
  readonly method: 'consistency' | 'smooth-adv'
  readonly scale: 'mnist' | 'cifar10'
  readonly network: string
  /** Images of an update, where the preset's would take long on a CPU. */
  readonly imagesPerUpdate?: number
  /** Updates over which both sides must agree before anything is timed. */
  readonly checkedUpdates: number
  /** Most updates that are timed. */
  readonly timedUpdates: number
}

/** On LeNet the host's share of a step is the largest that any network of Table 1 has. */
export const BASELINES: readonly Baseline[] = [
  { method: 'consistency', scale: 'mnist', network: 'LeNet', checkedUpdates: 10, timedUpdates: 1000 },
  { method: 'smooth-adv', scale: 'mnist', network: 'LeNet', checkedUpdates: 10, timedUpdates: 1000 },
  {
    ...{ method: 'consistency', scale: 'cifar10', network: 'ResNet-110' },
    ...{ imagesPerUpdate: 32, checkedUpdates: 2, timedUpdates: 24 },
  },
]

/** One update taken by both sides, one right after the other. */
export interface BaselineRound {
  readonly typescriptMs: number
  /** Of these, where Python did not run programs. */
  readonly hostMs: number
  readonly pythonMs: number
  readonly losses: { readonly typescript: number; readonly python: number }
}

export interface MeasureBaselineOptions {
  readonly python?: string | undefined
  readonly device: string
  readonly threads: number
  readonly timedUpdates: number
  readonly onUpdate?: (done: number, of: number) => void
}

/** How far two losses may lie apart, as a share: rounding, carried through the updates before. */
const TOLERANCE = 1e-4

/** What `baseline_loop.py` answers to an update. */
interface Answer {
  readonly loss: number
  readonly gradient_norm: number
  readonly recognized: number
  readonly seconds: number
}

/**
 * Takes the same updates in TypeScript and in the plain Python loop, each in its own Python, in turn.
 *
 * @returns the timed updates
 * @throws Error when the two disagree in the first updates: then their times would not compare
 */
export async function measureBaseline(
  baseline: Baseline,
  { python, device, threads, onUpdate, ...options }: MeasureBaselineOptions,
): Promise<BaselineRound[]> {
  const { checkedUpdates } = baseline
  const updates = checkedUpdates + Math.min(options.timedUpdates, baseline.timedUpdates)
  const interpreter = await resolveInterpreter({ python })
  await using session = await connect({ python: interpreter.path, device, threads })
  await using folder = await temporaryFolder()
  await writeRandomImages(folder.path, { train: TRAIN_IMAGES, test: 10 })
  const config = configOf(baseline, folder.path)
  const side = await start(session, config)
  await using loop = new PlainLoop(interpreter.path, join(__dirname, 'baseline_loop.py'))
  await loop.ask(setupRequest(config, { side, threads, device: session.info.device }))
  const rounds: BaselineRound[] = []
  for (let number = 0; number < updates; number += 1) {
    if (number === checkedUpdates) requireAgreement(rounds)
    const update = plannedUpdate(number, config, side)
    const loopFirst = number % 2 === 1
    const first = loopFirst ? await loop.ask<Answer>(updateRequest(update)) : null
    const own = await takeUpdate(session, side, update)
    const theirs = first ?? (await loop.ask<Answer>(updateRequest(update)))
    rounds.push({
      ...{ typescriptMs: own.totalMs, hostMs: own.hostMs, pythonMs: 1000 * theirs.seconds },
      losses: { typescript: own.loss, python: theirs.loss },
    })
    onUpdate?.(number + 1, updates)
  }
  return rounds.slice(checkedUpdates)
}

/** Throws unless every loss is the same on both sides. */
export function requireAgreement(rounds: readonly Pick<BaselineRound, 'losses'>[]): void {
  for (const [number, { losses }] of rounds.entries()) {
    const { typescript, python } = losses
    if (Math.abs(typescript - python) / Math.abs(python) <= TOLERANCE) continue
    throw new Error(
      `TypeScript and the Python loop do different work, so there is nothing to time. Update ${number}: loss ${typescript} in TypeScript; ${python} in the Python loop.`,
    )
  }
}

const TRAIN_IMAGES = 20_000

/** After this many epochs no ramp of the presets is left. */
const RAMPED_EPOCHS = 10

async function temporaryFolder() {
  const path = await mkdtemp(join(tmpdir(), 'ft-cadis-bench-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) }
}

function configOf({ method, scale, imagesPerUpdate }: Baseline, data: string): RunConfig {
  const preset = namedPreset(`table1.${method}`, scale)
  const above = scale === 'mnist' ? { data: { hashes: 'any' } } : {}
  const config = preset.config({ sigma: 0.5, data, output: 'unused', above })
  if (scale === 'mnist') return config
  const { optimisation } = config
  return syntheticRun(
    { ...config, optimisation: { ...optimisation, ...given({ imagesPerUpdate }) } },
    { imageSize: 32, classes: 10, trainImages: TRAIN_IMAGES, testImages: 10 },
  )
}

type Side = Awaited<ReturnType<typeof start>>

/** Loads what `finetune` loads: the same objects, the same update. */
async function start(session: Session, config: RunConfig) {
  const open = (split: 'train' | 'test') => torch.openDataset(session, datasetSpec(config.data, split))
  const [trainSet, testSet] = [await open('train'), await open('test')]
  const plan = planRun(config, { trainImages: trainSet.description.length })
  return OBJECTIVES[config.method.kind](async objective => ({
    ...(await prepareRun(session, objective, {
      ...{ config, plan, trainSet, testSet, checkpoint: null, script: null, hooks: {} },
      group: torch.soleProcess(),
    })),
    plan,
  }))
}

/** The update of a number, as `finetune` plans it, past the ramp of an attack. */
function plannedUpdate(number: number, config: RunConfig, { plan, groups, state }: Side) {
  const { updatesPerEpoch, updates } = plan
  const epoch = RAMPED_EPOCHS + Math.floor(number / updatesPerEpoch)
  const update = (number % updatesPerEpoch) + 1
  const epochsDone = epoch + (update - 1) / updatesPerEpoch
  const place = {
    ...{ epochsDone, epoch: epoch + 1, update, updatesPerEpoch, epochs: plan.epochs },
    ...{ step: epoch * updatesPerEpoch + update, steps: updates },
  }
  const { learningRate, weightDecay } = optimiserSchedule(epochsDone, config)
  return {
    startsEpoch: update === 1 ? epoch : null,
    plan: {
      ...{ place, settings: state.steps.settingsAt(place), clip: null, lossScale: 1 },
      ...{ microBatches: plan.microBatches, imagesPerUpdate: config.optimisation.imagesPerUpdate },
      learningRates: groups.map(group => learningRate * group.learningRateScale),
      weightDecays: groups.map(group => (group.decays ? weightDecay : 0)),
      stream: [config.seed, 'train', epoch + 1, update],
    },
  }
}

type Update = ReturnType<typeof plannedUpdate>

async function takeUpdate(session: Session, { state }: Side, { startsEpoch, plan }: Update) {
  const { pythonMs } = session.counters
  const begunMs = performance.now()
  if (startsEpoch !== null) state.loader.start(startsEpoch)
  const { metrics } = await trainUpdate(state, plan)
  const totalMs = performance.now() - begunMs
  return { totalMs, hostMs: totalMs - (session.counters.pythonMs - pythonMs), loss: metrics.loss }
}

/** The first line that `baseline_loop.py` reads: what it loads, and what stays the same. */
function setupRequest(
  { method, optimisation, classifier, tuning, data, smoothing, seed }: RunConfig,
  { side, ...machine }: { side: Side; threads: number; device: string },
) {
  return {
    ...machine,
    ...settingsOf(method),
    classifier: torch.pythonSpec(classifierSpec(classifier, tuning) as torch.Spec),
    data: torch.pythonSpec(datasetSpec(data, 'train') as torch.Spec),
    loader: torch.pythonSpec({
      ...{ batchSize: optimisation.imagesPerUpdate, seed, shuffle: true, dropLast: optimisation.dropLast },
    }),
    initial_stream: [seed, 'initialisation'],
    groups: side.groups.map(group => group.parameters),
    momentum: optimisation.optimizer.kind === 'sgd' ? optimisation.optimizer.momentum : null,
    sigma: smoothing.sigma,
  }
}

function settingsOf(method: RunConfig['method']) {
  if (method.kind === 'consistency') {
    const { noises, lambda, eta } = method
    return { method: 'consistency', noises, weight: lambda, entropy_weight: eta }
  }
  if (method.kind === 'smooth-adv') {
    return { method: 'smooth_adv', noises: method.noises, attack_steps: method.attack.steps }
  }
  throw new TypeError(`The plain Python loop has no ${method.kind}.`)
}

/** The line for one update. */
function updateRequest({ startsEpoch, plan }: Update) {
  const { settings, stream, learningRates, weightDecays } = plan
  const microBatch = [...stream, 0]
  return {
    starts_epoch: startsEpoch,
    module_stream: [...microBatch, 'modules'],
    noise_stream: [...microBatch, 'noise'],
    learning_rates: learningRates,
    weight_decays: weightDecays,
    epsilon: (settings as { readonly attack?: { readonly epsilon: number } | null }).attack?.epsilon ?? null,
  }
}
