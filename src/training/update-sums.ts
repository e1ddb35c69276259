import type { UpdateLosses } from '../objectives/ft-cadis/compose'
import type { Selection } from '../objectives/ft-cadis/select-images'
import type { UpdateMetrics } from '../runs/reports'
import { add, type ProcessGroup, stack, type Tensor, tensor } from '../torch'

/** Sums over the images of a micro-batch; the total is divided by the images of the update. */
export interface MicroBatchSums {
  /** Its number within the update, over all ranks. */
  readonly microBatch: number
  readonly total: number
  readonly selectiveCrossEntropy: number
  readonly adversarial: number
  readonly lossTerm: number
  readonly fooled: number
  readonly recognized: number
  readonly kept: number
  readonly allKept: number
  readonly attacked: number
}

/** What is counted in a micro-batch, or added up over those of an update and over all ranks. */
export type Sums = Omit<MicroBatchSums, 'microBatch'>

/** Over all micro-batches and ranks of an update. */
export interface UpdateSums {
  readonly sums: Sums
  readonly gradientNorm: number
  readonly clippedGradientNorm: number
}

const LOSSES = ['total', 'selectiveCrossEntropy', 'adversarial', 'lossTerm', 'fooled'] as const
const COUNTS = ['recognized', 'kept', 'allKept', 'attacked'] as const
const SUMMED = [...LOSSES, ...COUNTS] as const

/** What is known of a micro-batch before its losses are. */
export type Counts = Pick<Sums, (typeof COUNTS)[number]>

/** Records the sums of this process and of all others: {@link SUMMED} in order, then how many processes want to stop. */
export function sumOverRanks(
  group: ProcessGroup,
  losses: UpdateLosses,
  { known, wantsStop }: { known: Sums; wantsStop: boolean },
): Tensor<'S'> {
  const { session } = losses.total
  const numbers = [...SUMMED.map(name => known[name]), wantsStop ? 1 : 0]
  const zero = tensor(session, 0, { axes: '' })
  const inFlight = numbers.map((_, index) => {
    const name = LOSSES[index]
    return (name === undefined ? null : losses[name]) ?? zero
  })
  const known_S = tensor(session, numbers, { axes: 'S', dtype: 'float64' })
  const [first = zero, ...others] = inFlight
  return group.allReduceSum(add(known_S, stack([first, ...others], { as: 'S' })))
}

/** What {@link sumOverRanks} read as. */
export function fromRanks(values: readonly number[]): { readonly sums: Sums; readonly stops: boolean } {
  const sums = Object.fromEntries(SUMMED.map((name, index) => [name, values[index] ?? Number.NaN])) as Sums
  return { sums, stops: values[SUMMED.length] !== 0 }
}

export function countsOf(
  { nonHallucinated, attacked }: Selection,
  recognized: readonly (readonly boolean[])[],
): Counts {
  const noises = recognized.length
  return {
    recognized: recognized.reduce((total, row) => total + row.filter(Boolean).length, 0),
    kept: nonHallucinated.reduce((total, count) => total + count, 0),
    allKept: nonHallucinated.filter(count => count === noises).length,
    attacked: attacked.length,
  }
}

export function lossesOf(losses: { readonly [name in (typeof LOSSES)[number]]: number | null }) {
  return Object.fromEntries(LOSSES.map(name => [name, losses[name] ?? 0])) as Pick<
    Sums,
    (typeof LOSSES)[number]
  >
}

export function added(parts: readonly Partial<Sums>[]): Sums {
  return Object.fromEntries(
    SUMMED.map(name => [name, parts.reduce((total, part) => total + (part[name] ?? 0), 0)]),
  ) as Sums
}

export function metricsOf(
  { sums, gradientNorm, clippedGradientNorm }: UpdateSums,
  { imagesPerUpdate, noises }: { imagesPerUpdate: number; noises: number },
): UpdateMetrics {
  const denoisedImages = noises * imagesPerUpdate
  return {
    loss: sums.total,
    selectiveCrossEntropy: sums.selectiveCrossEntropy / imagesPerUpdate,
    adversarial: sums.adversarial / imagesPerUpdate,
    lossTerm: sums.lossTerm / imagesPerUpdate,
    keptShare: sums.kept / denoisedImages,
    allKeptShare: sums.allKept / imagesPerUpdate,
    denoisedAccuracy: sums.recognized / denoisedImages,
    attackedShare: sums.attacked / imagesPerUpdate,
    attackSuccess: sums.attacked === 0 ? null : sums.fooled / (noises * sums.attacked),
    gradientNorm,
    clippedGradientNorm,
  }
}
