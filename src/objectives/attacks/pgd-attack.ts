import {
  add,
  clampMin,
  detach,
  div,
  flatten,
  grad,
  gt,
  leaf,
  meanOfEach,
  mul,
  normOfEach,
  reciprocal,
  sqrt,
  square,
  sub,
  sum,
  type Tensor,
  where,
} from '../../torch'

/** The attack of Eq. 9: T steps of ℓ2-normalised gradient ascent from the denoised images. */
export interface PgdOptions {
  /** T, at least 1. */
  readonly steps: number
  /** Radius of the ball around each denoised image, in the ℓ2 norm of images in [-1, 1]. */
  readonly epsilon: number
  /**
   * Whether to shift and scale each η after its projection to the mean and root mean square of its start. The released code does this; the
   * paper does not mention it. η may leave the ball by a few tenths of a percent.
   */
  readonly restandardize: boolean
  /** Added to the norm of a gradient. Default 1e-8, the released code's constant for its images in [-1, 1]. */
  readonly gradientFloor?: number | undefined
  /** Added to the norm of the projected vector. Default 1e-7, torch.renorm's constant. */
  readonly projectionFloor?: number | undefined
}

export interface PgdInputs {
  /** The quantity to ascend, for each image (row m·A + a): the divergence of the classifier's prediction from a fixed target. */
  readonly divergence: (images_NCHW: Tensor<'NCHW'>) => Tensor<'MA'>
  readonly clean_ACHW: Tensor<'ACHW'>
  readonly denoised_MACHW: Tensor<'MACHW'>
  /** M. */
  readonly noises: number
}

/** Prevents NaN from a vanishing gradient. */
const GRADIENT_FLOOR = 1e-8

/** In the scale that projects onto the ball. */
const PROJECTION_FLOOR = 1e-7

/** If η and its start are both zero, the released code divides zero by zero; here η stays zero. */
const SCALE_FLOOR = 1e-30

/**
 * Finds adversarial perturbations η* of the clean images: from η = denoised - clean, T steps of length 2ε/T along the normalised gradient
 * of the divergence, each projected back to ‖η* - η‖₂ ≤ ε. Images are never clamped to [-1, 1].
 *
 * With M = 1 and no dropout, the target equals the prediction at the start, so the first step does nothing.
 *
 * @returns clean + η*, [M][A][C][H][W], without a graph.
 */
export function pgdAttack(inputs: PgdInputs, options: PgdOptions): Tensor<'MACHW'> {
  const { clean_ACHW, denoised_MACHW } = inputs
  return clean_ACHW.session.scope(() => {
    const start_MACHW = sub(denoised_MACHW, clean_ACHW)
    let eta_MACHW = start_MACHW
    for (let step = 0; step < options.steps; step += 1) {
      eta_MACHW = pgdStep(inputs, { eta_MACHW, start_MACHW }, options)
    }
    return add(eta_MACHW, clean_ACHW)
  })
}

/** One step of the attack: ascend, project, and optionally re-standardise. */
export function pgdStep(
  { divergence, clean_ACHW, noises }: Omit<PgdInputs, 'denoised_MACHW'>,
  { eta_MACHW, start_MACHW }: { eta_MACHW: Tensor<'MACHW'>; start_MACHW: Tensor<'MACHW'> },
  {
    steps,
    epsilon,
    restandardize,
    gradientFloor = GRADIENT_FLOOR,
    projectionFloor = PROJECTION_FLOOR,
  }: PgdOptions,
): Tensor<'MACHW'> {
  return eta_MACHW.session.scope(() => {
    const variable_MACHW = leaf(eta_MACHW)
    const images_NCHW = flatten(add(variable_MACHW, clean_ACHW), 'MA', 'N')
    // Each η has its own gradient, which is normalised: a sum and a mean over noises ascend alike.
    const ascended = mul(sum(divergence(images_NCHW)), 1 / noises)
    const gradient_MACHW = grad(ascended, variable_MACHW)
    const length_MA = add(normOfEach(gradient_MACHW, 'MA'), gradientFloor)
    const ascended_MACHW = add(eta_MACHW, mul(div(gradient_MACHW, length_MA), (2 * epsilon) / steps))
    const projected_MACHW = project({ eta_MACHW: ascended_MACHW, start_MACHW }, { epsilon, projectionFloor })
    return detach(restandardize ? standardizeLike(projected_MACHW, start_MACHW) : projected_MACHW)
  })
}

/** Projects η onto the ball of radius ε around its start. */
function project(
  { eta_MACHW, start_MACHW }: { eta_MACHW: Tensor<'MACHW'>; start_MACHW: Tensor<'MACHW'> },
  { epsilon, projectionFloor }: { readonly epsilon: number; readonly projectionFloor: number },
): Tensor<'MACHW'> {
  const moved_MACHW = sub(eta_MACHW, start_MACHW)
  const distance_MA = normOfEach(moved_MACHW, 'MA')
  const shrunk_MA = mul(reciprocal(add(distance_MA, projectionFloor)), epsilon)
  const scale_MA = where(gt(distance_MA, epsilon), shrunk_MA, 1)
  return add(mul(moved_MACHW, scale_MA), start_MACHW)
}

/** Gives η the mean and (uncentred) root mean square of its start, image by image. */
function standardizeLike(eta_MACHW: Tensor<'MACHW'>, start_MACHW: Tensor<'MACHW'>): Tensor<'MACHW'> {
  const ratio_MA = div(rootMeanSquare(start_MACHW), clampMin(rootMeanSquare(eta_MACHW), SCALE_FLOOR))
  const centred_MACHW = sub(eta_MACHW, meanOfEach(eta_MACHW, 'MA'))
  return add(mul(centred_MACHW, ratio_MA), meanOfEach(start_MACHW, 'MA'))
}

function rootMeanSquare(eta_MACHW: Tensor<'MACHW'>): Tensor<'MA'> {
  return sqrt(meanOfEach(square(eta_MACHW), 'MA'))
}
