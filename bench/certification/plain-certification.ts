import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { execa, type ResultPromise } from 'execa'
import { type CertificationRunConfig, type Smoothing, torch } from '../../src'
import { allocatorEnvironment } from '../../src/bridge/allocator'
import { levelOf } from '../../src/smoothing/smoothing'
import { datasetSpec } from '../../src/smoothing/specs'

const SCRIPT = join(__dirname, 'python_certify.py')

const START = { stdin: 'pipe', stdout: 'pipe', stderr: 'inherit', buffer: false } as const

export interface PlainRound {
  /** Votes of the estimation, by image and class. */
  readonly votes: readonly (readonly number[])[]
  /** By Python's own clock, so that neither the command nor the answer is in it. */
  readonly seconds: number
}

/** The plain Python loop in a process of its own, which certifies images at a command. */
export class PlainCertification implements AsyncDisposable {
  readonly #process: ResultPromise<typeof START>
  readonly #lines: AsyncIterator<string>
  readonly #seed: number

  private constructor(interpreter: string, seed: number) {
    // The allocator is set as for ft-cadis's own Python: a plain loop may be started with the same settings.
    this.#process = execa({ ...START, env: allocatorEnvironment() })(interpreter, [SCRIPT])
    this.#lines = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]()
    this.#seed = seed
  }

  static async start(
    config: CertificationRunConfig,
    {
      interpreter,
      device,
      smoothing,
      classes,
    }: { interpreter: string; device: string; smoothing: Smoothing; classes: number },
  ): Promise<PlainCertification> {
    const { n0, n, alpha, batch, seed } = config.certification
    const { sigma, scales } = smoothing
    const loop = new PlainCertification(interpreter, seed)
    const { dtype: _, ...denoiser } = { dtype: null, ...config.smoothing.denoiser }
    await loop.#ask({
      ...{ device, n0, n, alpha, batch, sigma, classes },
      threads: config.threads ?? 1,
      denoiser: torch.snakeCase(denoiser as never),
      classifier: torch.snakeCase(config.classifier as never),
      data: torch.snakeCase(datasetSpec(config.data, 'test')),
      timestep: levelOf(smoothing)?.modelTimestep,
      image_scale: scales.image,
      noise_scale: scales.noise,
    })
    return loop
  }

  async certify(indices: readonly number[]): Promise<PlainRound> {
    const images = indices.map(index => ({
      index,
      seeds: Object.fromEntries(
        ['selection', 'estimation'].map(stage => [
          stage,
          torch.streamSeed(this.#seed, 'certify', index, stage),
        ]),
      ),
    }))
    return (await this.#ask({ images })) as PlainRound
  }

  async #ask(request: object): Promise<unknown> {
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
