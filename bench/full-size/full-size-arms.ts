import type { RunConfig } from '../../src'
import { ARITHMETIC } from '../../src/config/precision'
import type { Mode, Workload } from '../training/workload'

/** What `full-size.ts` measures: fine-tuning and certification with several kinds of arithmetic. */

export type FullScale = 'cifar10' | 'imagenet'

/** How numbers are computed. */
export type Arithmetic = Pick<RunConfig, 'autocast' | 'tf32' | 'compile'> & {
  readonly denoiser: Workload['denoiser']['dtype']
}

export const RELEASED: Arithmetic = {
  ...{ denoiser: 'float32', autocast: 'float16', tf32: false, compile: 'none' },
}
const FAST: Arithmetic = { denoiser: ARITHMETIC.fast.denoiser, ...ARITHMETIC.fast.training }

export interface FinetuningArm {
  readonly name: string
  readonly arithmetic: Arithmetic
  readonly imagesPerUpdate: number
  readonly imagesPerMicroBatch: number
  /** Measured in turn in one process, a row each. */
  readonly modes: readonly (Mode & { readonly maskShare: number })[]
}

/** FT-CADIS where nearly half of the images are attacked, against a loop that attacks all, as the released code does. */
const MASKED = { maskShare: 0.45, loop: 'everything' } as const
const ALIKE = { maskShare: 1, loop: 'same' } as const

export function nameOfMode({ maskShare, loop }: FinetuningArm['modes'][number]): string {
  return loop === 'same'
    ? 'every image attacked on both sides'
    : `mask share ${maskShare} against a loop that attacks everything`
}

function arm(
  arithmetic: Arithmetic,
  [imagesPerUpdate, imagesPerMicroBatch]: readonly [number, number],
  modes: FinetuningArm['modes'],
): FinetuningArm {
  const how = arithmetic === RELEASED ? 'float32 denoiser, float16 autocast' : 'fast'
  return {
    ...{ name: `${how}, micro-batches of ${imagesPerMicroBatch}`, arithmetic },
    ...{ imagesPerUpdate, imagesPerMicroBatch, modes },
  }
}

/** Batches that fill a GPU in reasonable time; memory is the user's to trade. */
export const FINETUNING: Readonly<Record<FullScale, readonly FinetuningArm[]>> = {
  cifar10: [
    arm(RELEASED, [128, 8], [MASKED]),
    arm(RELEASED, [128, 64], [ALIKE]),
    arm(FAST, [128, 64], [ALIKE, MASKED]),
  ],
  imagenet: [arm(RELEASED, [32, 8], [MASKED]), arm(FAST, [64, 16], [ALIKE])],
}

export interface CertificationArm {
  readonly name: string
  readonly arithmetic: Partial<RunConfig['certification']> & {
    readonly denoiser?: Workload['denoiser']['dtype']
  }
  /** A multiple of the batch: every pass is full. */
  readonly n: number
  readonly batch: number
}

const TF32 = { name: 'TF32', arithmetic: { tf32: true } } as const
const FLOAT16 = { name: 'float16 autocast', arithmetic: { autocast: 'float16' } } as const
const BFLOAT16 = {
  name: 'bfloat16 denoiser, bfloat16 autocast',
  arithmetic: { autocast: 'bfloat16', denoiser: 'bfloat16' },
} as const
const FASTEST = {
  name: 'fast',
  arithmetic: { ...ARITHMETIC.fast.certification, denoiser: ARITHMETIC.fast.denoiser },
} as const

export const CERTIFICATION: Readonly<Record<FullScale, readonly CertificationArm[]>> = {
  cifar10: [
    { name: 'float32', arithmetic: {}, n: 992, batch: 496 },
    { ...TF32, n: 4960, batch: 992 },
    { ...FLOAT16, n: 9920, batch: 992 },
    { ...BFLOAT16, n: 9920, batch: 992 },
    { ...FASTEST, n: 9920, batch: 992 },
  ],
  imagenet: [
    { name: 'float32', arithmetic: {}, n: 64, batch: 32 },
    { ...TF32, n: 128, batch: 64 },
    { ...BFLOAT16, n: 512, batch: 64 },
    { ...FASTEST, n: 1024, batch: 64 },
  ],
}
