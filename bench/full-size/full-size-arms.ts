import type { RunConfig } from '../../src'
import type { LoopWork, Workload } from '../training/workload'

/** What `full-size.ts` measures: fine-tuning and certification with several kinds of arithmetic. */

export type FullScale = 'cifar10' | 'imagenet'

/** How numbers are computed. */
export type Arithmetic = Pick<RunConfig, 'autocast' | 'tf32' | 'compile'> & {
  readonly denoiser: Workload['denoiser']['dtype']
}

export const RELEASED: Arithmetic = {
  ...{ denoiser: 'float32', autocast: 'float16', tf32: false, compile: 'none' },
}
const FASTEST: Arithmetic = { denoiser: 'bfloat16', autocast: 'bfloat16', tf32: true, compile: 'denoiser' }

export interface FinetuningArm {
  readonly name: string
  readonly arithmetic: Arithmetic
  readonly imagesPerUpdate: number
  readonly imagesPerMicroBatch: number
  readonly maskShare: number
  readonly loop: LoopWork
}

/** FT-CADIS where nearly half of the images are attacked, against a loop that attacks all, as the released code does. */
const MASKED = {
  ...{ name: 'mask share 0.45 against a loop that attacks everything', maskShare: 0.45 },
  loop: 'everything',
} as const
const ALIKE = { name: 'every image attacked on both sides', maskShare: 1, loop: 'same' } as const

function arm(
  arithmetic: Arithmetic,
  work: Pick<FinetuningArm, 'name' | 'maskShare' | 'loop'>,
  [imagesPerUpdate, imagesPerMicroBatch]: readonly [number, number],
): FinetuningArm {
  const how = arithmetic === RELEASED ? 'float32 denoiser, float16 autocast' : 'bfloat16, compiled denoiser'
  const name = `${how}, micro-batches of ${imagesPerMicroBatch}; ${work.name}`
  return { ...work, name, arithmetic, imagesPerUpdate, imagesPerMicroBatch }
}

/** Batches that fill a GPU in reasonable time; memory is the user's to trade. */
export const FINETUNING: Readonly<Record<FullScale, readonly FinetuningArm[]>> = {
  cifar10: [
    arm(RELEASED, MASKED, [128, 8]),
    arm(RELEASED, ALIKE, [128, 64]),
    arm(FASTEST, ALIKE, [128, 64]),
    arm(FASTEST, MASKED, [128, 64]),
  ],
  imagenet: [arm(RELEASED, MASKED, [32, 8]), arm(FASTEST, ALIKE, [128, 32])],
}

export interface CertificationArm {
  readonly name: string
  readonly arithmetic: Partial<RunConfig['certification']> & {
    readonly denoiser?: Workload['denoiser']['dtype']
  }
  readonly n: number
  readonly batch: number
}

const TF32 = { name: 'TF32', arithmetic: { tf32: true } } as const
const FLOAT16 = { name: 'float16 autocast', arithmetic: { autocast: 'float16' } } as const
const BFLOAT16 = {
  name: 'bfloat16 denoiser, bfloat16 autocast',
  arithmetic: { autocast: 'bfloat16', denoiser: 'bfloat16' },
} as const
const COMPILED = {
  name: `${BFLOAT16.name}, compiled`,
  arithmetic: { ...BFLOAT16.arithmetic, compile: true },
} as const

export const CERTIFICATION: Readonly<Record<FullScale, readonly CertificationArm[]>> = {
  cifar10: [
    { name: 'float32', arithmetic: {}, n: 1000, batch: 496 },
    { ...TF32, n: 5000, batch: 992 },
    { ...FLOAT16, n: 10_000, batch: 992 },
    { ...BFLOAT16, n: 10_000, batch: 992 },
    { ...COMPILED, n: 19_840, batch: 992 },
  ],
  imagenet: [
    { name: 'float32', arithmetic: {}, n: 64, batch: 32 },
    { ...TF32, n: 128, batch: 64 },
    { ...BFLOAT16, n: 512, batch: 64 },
    { ...COMPILED, n: 1024, batch: 64 },
  ],
}
