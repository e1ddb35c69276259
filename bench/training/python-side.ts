import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { execa, type ResultPromise } from 'execa'
import { type NoiseLevel, type ParameterGroup, torch, withEpsilon } from '../../src'
import { allocatorEnvironment } from '../../src/bridge/allocator'
import { attackedCount, type Figures, lossScaleOf, type PlannedUpdate, type Workload } from './workload'

const SCRIPT = join(__dirname, 'python_loop.py')

const START = { stdin: 'pipe', stdout: 'pipe', stderr: 'inherit', buffer: false } as const

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
    denoiser: torch.snakeCase(specs.denoiser as torch.Spec),
    classifier: torch.snakeCase(specs.classifier as torch.Spec),
    data: torch.snakeCase(specs.data as torch.Spec),
    loader: torch.snakeCase({ ...loader }),
    initial_seed: torch.streamSeed(config.seed, 'initialisation'),
    denoiser_dtype: denoiser.dtype,
    autocast: config.autocast === 'none' ? null : config.autocast,
    tf32: config.tf32,
    compile_denoiser: config.compileDenoiser,
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
  const seeds = (name: string) =>
    Array.from({ length: plan.microBatches }, (_, microBatch) =>
      torch.streamSeed(...plan.stream, microBatch, name),
    )
  return {
    starts_epoch: startsEpoch,
    module_seeds: seeds('modules'),
    noise_seeds: seeds('noise'),
    images: plan.imagesPerUpdate,
    attacks_everything: mode.loop === 'everything',
    attacked: attackedCount(mode, workload),
    learning_rates: plan.learningRates,
    weight_decays: plan.weightDecays,
    epsilon: withEpsilon(plan.settings).attack.epsilon,
  }
}

/** The plain Python loop in a process of its own, one update at a command. */
export class PythonSide implements AsyncDisposable {
  readonly #process: ResultPromise<typeof START>
  readonly #lines: AsyncIterator<string>

  private constructor(
    interpreter: string,
    private readonly workload: Workload,
  ) {
    // The allocator is set as for ft-cadis's own Python: a plain loop may be started with the same settings.
    this.#process = execa({ ...START, env: allocatorEnvironment() })(interpreter, [SCRIPT])
    this.#lines = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]()
  }

  static async start(options: PythonSideOptions): Promise<PythonSide> {
    const side = new PythonSide(options.interpreter, options.workload)
    await side.#ask(setupRequest(options))
    return side
  }

  /** Takes one update. */
  async update({ startsEpoch, plan, mode }: PlannedUpdate): Promise<PythonUpdate> {
    const answer = await this.#ask(updateRequest({ startsEpoch, plan, mode }, this.workload))
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

  async #ask(request: object): Promise<Answer> {
    this.#process.stdin.write(`${JSON.stringify(request)}\n`)
    const { value, done } = await this.#lines.next()
    // A process that ended says why.
    if (done) await this.#process
    return JSON.parse(value)
  }

  /** Ends the process. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.stdin.end()
    await this.#process
  }
}
