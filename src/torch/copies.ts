import { Handle, type Session } from '../bridge'
import { checkedName, type StreamName } from '../streams'
import { apply, makeTensor } from './apply'
import { type Axes, checkAxisCount, prependAxis, type Tensor } from './tensor'

/** Passes of noisy copies, which may be of several images. */

/** Consecutive copies of one image. */
export interface CopyRun {
  /** The place of the image among those of the pass. */
  readonly image: number
  /** The name of its noise, as that of `noiseBlocks`. */
  readonly name: StreamName
  /** The number of the first copy. */
  readonly start: number
  readonly count: number
}

/** Which copies a pass holds; an input of recorded programs. */
export class CopyRuns extends Handle<never> {}

/**
 * The copies of a pass.
 *
 * @param options - `size`: how many copies the pass holds, at least those of the runs; what is left is padding.
 *   `block`: this many copies are one random stream
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

/** Tensors of one shape side by side, on a new first axis. */
export function stackTensors<const X extends string, A extends Axes>(
  tensors: readonly [Tensor<A>, ...Tensor<A>[]],
  { as }: { as: X },
): Tensor<`${X}${A}`> {
  return apply('stack_tensors', tensors, { axes: prependAxis('stackTensors', as, tensors[0].axes) })
}

/** Consecutive rows of one of several tensors. */
export interface RowRun {
  /** The place of the tensor among them. */
  readonly tensor: number
  readonly start: number
  readonly count: number
}

/** Rows of several tensors one after the other, on the first axis, in all `size`: what is left is padded with the first. */
export function joinRows<A extends Axes>(
  tensors: readonly [Tensor<A>, ...Tensor<A>[]],
  { runs, size }: { readonly runs: readonly RowRun[]; readonly size: number },
): Tensor<A> {
  const plain = runs.map(({ tensor, start, count }) => ({ tensor, start, count }))
  return apply('join_rows', tensors, { axes: tensors[0].axes, parameters: { runs: plain, size } })
}

/** The image of each copy of a pass; padding has the first one. */
export function imagesOfRuns(images_SCHW: Tensor<'SCHW'>, runs: CopyRuns): Tensor<'NCHW'> {
  return perCopy('images_of_runs', images_SCHW, runs)
}

/**
 * Standard normal noise for each copy of a pass: of copy number c of a stream what `noiseBlocks` gives it, in whatever pass.
 * Padding has none.
 *
 * @param options - `part`: what the names of the streams end in, for further noise of the same copies. Default: nothing.
 */
export function noiseOfRuns(
  images_SCHW: Tensor<'SCHW'>,
  runs: CopyRuns,
  { part = [] }: { readonly part?: StreamName } = {},
): Tensor<'NCHW'> {
  const parameters = part.length === 0 ? {} : { part: checkedName(part) }
  return perCopy('noise_of_runs', images_SCHW, runs, { parameters })
}

/** Noise that is uniform between -halfWidth and halfWidth, as {@link noiseOfRuns}. */
export function uniformOfRuns(
  images_SCHW: Tensor<'SCHW'>,
  runs: CopyRuns,
  { halfWidth }: { readonly halfWidth: number },
): Tensor<'NCHW'> {
  return perCopy('uniform_of_runs', images_SCHW, runs, { parameters: { half_width: halfWidth } })
}

/** Laplace noise of this scale, b in exp(−|x| / b) / 2b, as {@link noiseOfRuns}. */
export function laplaceOfRuns(
  images_SCHW: Tensor<'SCHW'>,
  runs: CopyRuns,
  { scale }: { readonly scale: number },
): Tensor<'NCHW'> {
  return perCopy('laplace_of_runs', images_SCHW, runs, { parameters: { scale } })
}

/** A table of {@link stepNoise} in Python. */
export class StepNoise extends Handle<never> {}

/**
 * Noise of whole steps by its table, on the session's device.
 *
 * @param thresholds - increasing, an even number: of u, uniform on the whole numbers of 64 bits, the noise is how many of them are at most u,
 *   less half of their number
 */
export function stepNoise(session: Session, thresholds: readonly bigint[]): StepNoise {
  return session.record('step_noise', [], {
    parameters: { thresholds: thresholds.map(String) },
    make: (owner, id) => new StepNoise(owner, id),
  })
}

/**
 * The noisy copies of a pass in whole steps: each value of an image in [-1, 1] is rounded to one of `steps` equal ones, and noise of whole
 * steps is added to it. What is computed of a copy depends on the sum, a whole number, alone. Streams are those of {@link noiseOfRuns}.
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
