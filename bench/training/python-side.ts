import { join } from 'node:path'
import { type NoiseLevel, torch, withEpsilon } from '../../src'
import type { ParameterGroup } from '../../src/internal'
import { PlainLoop } from '../plain-loop'
import { attackedCount, type Figures, lossScaleOf, type PlannedUpdate, type Workload } from './workload'

const SCRIPT = join(__dirname, 'python_loop.py')

export interface PythonSideOptions {
  /** Absolute path of the interpreter. */
  readonly interpreter: string
  readonly workload: Workload
  readonly device: string
  readonly threads: number
  readonly level: NoiseLevel
  readonly groups: readonly ParameterGroup[]
}

export interface PythonUpdate {
  readonly figures: Figures
  /** By Python's own clock, so that neither the command nor the answer is in it. */
  readonly totalMs: number
  /** Most memory on the device so far; null on the CPU. */
  readonly devicePeak: number | null
}

/** What `python_loop.py` answers to an update. Sums are over its images. */
interface Answer {
  readonly loss: number
  readonly selective: number
  readonly adversarial: number
  readonly gradient_norm: number
  readonly attacked: number
  readonly seconds: number
  /** Most memory on the device so far; null on the CPU. */
  readonly peak_bytes: number | null
}

/** The first line that `python_loop.py` reads: what it loads, and what stays the same. */
export function setupRequest({
  device,
  threads,
  level,
  groups,
  workload,
}: Omit<PythonSideOptions, 'interpreter'>) {
  const { config, denoiser, specs, loader } = workload
  const { method, optimisation } = config
  return {
    device,
    threads,
    denoiser: torch.pythonSpec(specs.denoiser as torch.Spec),
    classifier: torch.pythonSpec(specs.classifier as torch.Spec),
    data: torch.pythonSpec(specs.data as torch.Spec),
    loader: torch.pythonSpec({ ...loader }),
    initial_stream: [config.seed, 'initialisation'],
    denoiser_dtype: denoiser.dtype,
    autocast: config.autocast === 'none' ? null : config.autocast,
    tf32: config.tf32,
    compile_denoiser: config.compile !== 'none',
    compile_classifier: config.compile === 'all',
    loss_scale: lossScaleOf(config),
    groups: groups.map(group => group.parameters),
    betas: optimisation.betas,
    clip: optimisation.clip === 'none' ? null : optimisation.clip.norm,
    timestep: level.modelTimestep,
    image_scale: level.sqrtAlphaCumprod,
    noise_scale: level.sqrtOneMinusAlphaCumprod,
    noises: method.noises,
    weight: method.lambda,
    attack_steps: method.attack.steps,
  }
}

/** The line for one update. */
export function updateRequest({ startsEpoch, plan, mode }: PlannedUpdate, workload: Workload) {
  // Named as `trainUpdate` names the streams of its micro-batches.
  const streams = (name: string) =>
    Array.from({ length: plan.microBatches }, (_, microBatch) => [...plan.stream, microBatch, name])
  return {
    starts_epoch: startsEpoch,
    module_streams: streams('modules'),
    noise_streams: streams('noise'),
    images: plan.imagesPerUpdate,
    attacks_everything: mode.loop === 'everything',
    attacked: attackedCount(mode, workload),
    learning_rates: plan.learningRates,
    weight_decays: plan.weightDecays,
    epsilon: withEpsilon(plan.settings).attack.epsilon,
  }
}

/** The plain Python loop in its own process, one update at a command. */
export class PythonSide implements AsyncDisposable {
  readonly #loop: PlainLoop

  private constructor(
    interpreter: string,
    private readonly workload: Workload,
  ) {
    this.#loop = new PlainLoop(interpreter, SCRIPT)
  }

  static async start(options: PythonSideOptions): Promise<PythonSide> {
    const side = new PythonSide(options.interpreter, options.workload)
    await side.#loop.ask(setupRequest(options))
    return side
  }

  /** Takes one update. */
  async update({ startsEpoch, plan, mode }: PlannedUpdate): Promise<PythonUpdate> {
    const answer = await this.#loop.ask<Answer>(updateRequest({ startsEpoch, plan, mode }, this.workload))
    return {
      figures: {
        loss: answer.loss,
        selectiveCrossEntropy: answer.selective / plan.imagesPerUpdate,
        adversarial: answer.adversarial / plan.imagesPerUpdate,
        gradientNorm: answer.gradient_norm,
        attacked: answer.attacked,
      },
      totalMs: answer.seconds * 1000,
      devicePeak: answer.peak_bytes,
    }
  }

  /** Ends the process. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#loop[Symbol.asyncDispose]()
  }
}
