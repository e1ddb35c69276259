import { join } from 'node:path'
import { type CertificationRunConfig, type NoiseLevel, torch } from '../../src'
import { datasetSpec } from '../../src/smoothing/specs'
import { PlainLoop } from '../plain-loop'

const SCRIPT = join(__dirname, 'python_certify.py')

export interface PlainRound {
  /** Votes of the estimation, by image and class. */
  readonly votes: readonly (readonly number[])[]
  /** By Python's own clock, so that neither the command nor the answer is in it. */
  readonly seconds: number
}

/** The plain Python loop in a process of its own, which certifies images at a command. */
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
      level,
      classes,
    }: { interpreter: string; device: string; level: NoiseLevel; classes: number },
  ): Promise<PlainCertification> {
    const { n0, n, alpha, batch, sigma, seed } = config.certification
    const loop = new PlainCertification(interpreter, seed)
    const { dtype: _, ...denoiser } = { dtype: null, ...config.denoiser }
    await loop.#loop.ask({
      ...{ device, n0, n, alpha, batch, sigma, classes },
      threads: config.threads ?? 1,
      denoiser: torch.pythonSpec(denoiser as never),
      classifier: torch.pythonSpec(config.classifier as never),
      data: torch.pythonSpec(datasetSpec(config.data, 'test')),
      timestep: level.modelTimestep,
      image_scale: level.sqrtAlphaCumprod,
      noise_scale: level.sqrtOneMinusAlphaCumprod,
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
    return this.#loop.ask<PlainRound>({ images })
  }

  /** Ends the process. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#loop[Symbol.asyncDispose]()
  }
}
