import { Handle, type Session } from '../bridge'
import { checkedName, type StreamName } from '../streams'
import { apply, makeTensor } from './apply'
import { type Axes, checkAxisCount, prependAxis, type Tensor } from './tensor'

/** Passes of noisy copies, of one or several images. */

/** Consecutive copies of one image. */
export interface CopyRun {
  /** Position of the image among those of the pass. */
  readonly image: number
  /** Name of the image's noise, as for `noiseBlocks`. */
  readonly name: StreamName
  /** Number of the first copy. */
  readonly start: number
  readonly count: number
}

/** The copies in a pass; an input of recorded programs. */
export class CopyRuns extends Handle<never> {}

/**
 * Returns the copies of a pass.
 *
 * @param options - `size`: copies in the pass, at least those of the runs; the rest is padding. `block`: copies per random stream
 */
export function copyRuns(
  session: Session,
  runs: readonly CopyRun[],
  { size, block }: { readonly size: number; readonly block: number },
): CopyRuns {
  const named = runs.map(({ image, name, start, count }) => ({
    ...{ image, name: checkedName(name), start, count },
  }))
  return session.record('copy_runs', [], {
    parameters: { runs: named, size, block },
    make: (owner, id) => new CopyRuns(owner, id),
  })
}

/** Stacks tensors of one shape along a new first axis. */
export function stackTensors<const X extends string, A extends Axes>(
  tensors: readonly [Tensor<A>, ...Tensor<A>[]],
  { as }: { as: X },
): Tensor<`${X}${A}`> {
  return apply('stack_tensors', tensors, { axes: prependAxis('stackTensors', as, tensors[0].axes) })
}

/** Consecutive rows of one of several tensors. */
export interface RowRun {
  /** Position of the tensor among them. */
  readonly tensor: number
  readonly start: number
  readonly count: number
}

/** Concatenates rows of several tensors along the first axis, and pads with the first row to `size` rows. */
export function joinRows<A extends Axes>(
  tensors: readonly [Tensor<A>, ...Tensor<A>[]],
  { runs, size }: { readonly runs: readonly RowRun[]; readonly size: number },
): Tensor<A> {
  const plain = runs.map(({ tensor, start, count }) => ({ tensor, start, count }))
  return apply('join_rows', tensors, { axes: tensors[0].axes, parameters: { runs: plain, size } })
}

/** Returns the image of each copy of a pass; padding gets the first image. */
export function imagesOfRuns(images_SCHW: Tensor<'SCHW'>, runs: CopyRuns): Tensor<'NCHW'> {
  return perCopy('images_of_runs', images_SCHW, runs)
}

/**
 * Returns standard normal noise for each copy of a pass. Copy c of a stream gets the noise of `noiseBlocks`, whatever the pass. Padding
 * gets none.
 *
 * @param options - `part`: appended to the names of the streams, for further noise of the same copies. Default: nothing.
 */
export function noiseOfRuns(
  images_SCHW: Tensor<'SCHW'>,
  runs: CopyRuns,
  { part = [] }: { readonly part?: StreamName } = {},
): Tensor<'NCHW'> {
  const parameters = part.length === 0 ? {} : { part: checkedName(part) }
  return perCopy('noise_of_runs', images_SCHW, runs, { parameters })
}

/** Returns noise uniform on [-halfWidth, halfWidth]; otherwise like {@link noiseOfRuns}. */
export function uniformOfRuns(
  images_SCHW: Tensor<'SCHW'>,
  runs: CopyRuns,
  { halfWidth }: { readonly halfWidth: number },
): Tensor<'NCHW'> {
  return perCopy('uniform_of_runs', images_SCHW, runs, { parameters: { half_width: halfWidth } })
}

/** Returns Laplace noise with density exp(−|x| / b) / 2b for scale b; otherwise like {@link noiseOfRuns}. */
export function laplaceOfRuns(
  images_SCHW: Tensor<'SCHW'>,
  runs: CopyRuns,
  { scale }: { readonly scale: number },
): Tensor<'NCHW'> {
  return perCopy('laplace_of_runs', images_SCHW, runs, { parameters: { scale } })
}

/**
 * Sums scores in [0, 1], quantised to whole steps, over each run of a pass. Returns [R, 2K + 1]: the sums by class, the sums of squares,
 * and the number of copies whose scores are not NaN. Padding is left out.
 *
 * @param options - `steps`: number of steps in a score of 1
 */
export function scoreSumsOfRuns(
  scores_NK: Tensor<'NK'>,
  runs: CopyRuns,
  { steps }: { readonly steps: number },
): Tensor<'RS'> {
  checkAxisCount('scoreSumsOfRuns', scores_NK, 2)
  return scores_NK.session.record('score_sums_of_runs', [scores_NK, runs], {
    ...{ parameters: { steps }, make: makeTensor<'RS'>('RS') },
  })
}

/** A table of {@link stepNoise} in Python. */
export class StepNoise extends Handle<never> {}

/**
 * Returns whole-step noise from a table, on the session's device.
 *
 * @param thresholds - increasing, an even number of them. For u uniform on the 64-bit whole numbers, the noise is the number of thresholds
 *   that are at most u, minus half their number
 */
export function stepNoise(session: Session, thresholds: readonly bigint[]): StepNoise {
  return session.record('step_noise', [], {
    parameters: { thresholds: thresholds.map(String) },
    make: (owner, id) => new StepNoise(owner, id),
  })
}

/**
 * Returns the noisy copies of a pass in whole steps: rounds each value of an image in [-1, 1] to one of `steps` equal steps, and adds
 * whole-step noise. Results for a copy depend only on the sum, a whole number. The streams are those of {@link noiseOfRuns}.
 */
export function steppedOfRuns(
  images_SCHW: Tensor<'SCHW'>,
  runs: CopyRuns,
  { table, steps }: { readonly table: StepNoise; readonly steps: number },
): Tensor<'NCHW'> {
  return perCopy('stepped_of_runs', images_SCHW, runs, { handles: [table], parameters: { steps } })
}

function perCopy(
  operation: string,
  images_SCHW: Tensor<'SCHW'>,
  runs: CopyRuns,
  {
    handles = [],
    parameters = {},
  }: {
    readonly handles?: readonly Handle[]
    readonly parameters?: Readonly<Record<string, number | StreamName>>
  } = {},
): Tensor<'NCHW'> {
  checkAxisCount(operation, images_SCHW, 4)
  return images_SCHW.session.record(operation, [images_SCHW, runs, ...handles], {
    ...{ parameters, make: makeTensor<'NCHW'>('NCHW') },
  })
}
