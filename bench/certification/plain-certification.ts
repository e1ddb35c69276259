import { join } from 'node:path'
import { type CertificationRunConfig, type Smoothing, torch } from '../../src'
import { levelOf } from '../../src/smoothing/smoothing'
import { datasetSpec } from '../../src/smoothing/specs'
import { PlainLoop } from '../plain-loop'

/** The stream that random weights are drawn from, for both sides. */
export const INITIAL_STREAM = [0, 'initialisation'] as const

const SCRIPT = join(__dirname, 'python_certify.py')

export interface PlainRound {
  /** Votes of the estimation, by image and class. */
  readonly votes: readonly (readonly number[])[]
  /** By Python's own clock, so that neither the command nor the answer is in it. */
  readonly seconds: number
}

/** The plain Python loop in its own process, which certifies images at a command. */
export class PlainCertification implements AsyncDisposable {
  readonly #loop: PlainLoop
  readonly #seed: number

  private constructor(interpreter: string, seed: number) {
    this.#loop = new PlainLoop(interpreter, SCRIPT)
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
    const { n0, n, alpha, batch, seed, dtype, tf32, channelsLast, compile } = config.certification
    const { sigma, scales } = smoothing
    const loop = new PlainCertification(interpreter, seed)
    const { dtype: denoiserDtype, ...denoiser } = {
      ...{ dtype: 'float32' as const },
      ...config.smoothing.denoiser,
    }
    await loop.#loop.ask({
      ...{ device, n0, n, alpha, batch, sigma, classes },
      threads: config.threads ?? 1,
      ...{ denoiser_dtype: denoiserDtype, classifier_dtype: dtype, tf32, compiled: compile },
      channels_last: channelsLast,
      initial_stream: INITIAL_STREAM,
      denoiser: torch.pythonSpec(denoiser as never),
      classifier: torch.pythonSpec(config.classifier as never),
      data: torch.pythonSpec(datasetSpec(config.data, 'test')),
      timestep: levelOf(smoothing)?.modelTimestep,
      image_scale: scales.image,
      noise_scale: scales.noise,
    })
    return loop
  }

  async certify(indices: readonly number[]): Promise<PlainRound> {
    const images = indices.map(index => ({
      index,
      stream: [this.#seed, 'certify', index],
    }))
    return this.#loop.ask<PlainRound>({ images })
  }

  /** Ends the process. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#loop[Symbol.asyncDispose]()
  }
}
