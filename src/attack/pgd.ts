import type { Aggregation, Members } from '../certification/voters'
import { PER_UNIT } from '../objectives/attacks/shift-attack'
import { consistencyTarget } from '../objectives/losses'
import { carried, noisy, type Smoothing, seen } from '../smoothing/smoothing'
import type { StreamName } from '../streams'
import {
  add,
  type Classifier,
  clamp,
  clampMin,
  detach,
  div,
  exp,
  flatten,
  generator,
  grad,
  gt,
  leaf,
  log,
  logSoftmax,
  max,
  mul,
  ne,
  noiseBlocks,
  normOfEach,
  pick,
  randnLike,
  select,
  softmax,
  stack,
  sub,
  sum,
  type Tensor,
  tensor,
  to,
  unflatten,
  where,
} from '../torch'

/** The smoothed classifier under attack: several members vote as one. */
export interface AttackTarget {
  readonly smoothing: Smoothing
  readonly members: Members
  /** How the members vote. Votes have no gradient, so their softmax is ascended instead. */
  readonly by: Aggregation
  /** K. */
  readonly classes: number
}

/**
 * The quantity to ascend: the ratio of the likeliest other class to the class to leave, or the odds of that other class. The ratio leads
 * out of the class; the odds lead to the half that CERTIFY requires.
 */
export type Ascends = 'ratio' | 'odds'

/** One attack on one image. Images are in [-1, 1], radii for pixels in [0, 1]. */
export interface Attempt {
  readonly image_CHW: Tensor<'CHW'>
  /** The class to leave. */
  readonly label: number
  /** ε. */
  readonly radius: number
  readonly start: Start
  readonly ascends: Ascends
  /** Names its noise: equal names give equal noise. */
  readonly stream: StreamName
}

/** Where an attack starts: at the image, on the sphere in a random direction, or in the direction of an image found before. */
export type Start =
  | { readonly kind: 'image' }
  | { readonly kind: 'random' }
  | { readonly kind: 'towards'; readonly image_CHW: Tensor<'CHW'> }

export interface PgdSettings {
  /** T. */
  readonly steps: number
  /** M: noisy copies per step. */
  readonly noises: number
}

/** The result of an attempt. */
export interface Attacked {
  readonly image_CHW: Tensor<'CHW'>
  /** ℓ2 distance from the image, for pixels in [0, 1]. */
  readonly length: Tensor<''>
}

/** Total length of all steps, in radii: a common choice that can reach any point of the ball and return. */
const WAY = 2.5

/** Below the log of every probability. */
const LOG_OF_NOTHING = -1e30

/** Keeps the log of a probability finite. */
const PROBABILITY_FLOOR = 1e-20

/** Copies per random stream, as in certification. */
const BLOCK = 16

/** Lower limit of a direction's length; one of length 0 stays. */
const LENGTH_FLOOR = 1e-30

/**
 * Expectation over noise: projected gradient ascent in the ℓ2 ball towards the likeliest other class, by its mean probability over fresh
 * noise in each step, with gradients through the denoiser (Athalye et al., 2018; Salman et al., 2019). Pixels stay in [0, 1]. All attempts
 * form one batch of attempts × noises.
 */
export function attackAll(
  target: AttackTarget,
  attempts: readonly [Attempt, ...Attempt[]],
  { steps, noises }: PgdSettings,
): Attacked[] {
  const { session } = attempts[0].image_CHW
  return session.scope(() => {
    const labels = attempts.map(({ label }) => label)
    const radii = attempts.map(({ radius }) => PER_UNIT * radius)
    const ball: Ball = {
      clean_ACHW: stackOf(attempts, ({ image_CHW }) => image_CHW),
      radii_A: tensor(session, radii, { axes: 'A' }),
    }
    const labels_A = tensor(session, labels, { axes: 'A', dtype: 'int64' })
    const isRatio = attempts.map(({ ascends }) => ascends === 'ratio')
    const byRatio_A = tensor(session, isRatio, { axes: 'A', dtype: 'bool' })
    let points_ACHW = onSphere(stackOf(attempts, directionOf), ball)
    withoutParameterGradients(target.members, () => {
      for (let step = 0; step < steps; step += 1) {
        points_ACHW = session.scope(() => {
          const noise_AMCHW = stackOf(attempts, ({ image_CHW, stream }) =>
            noiseBlocks(carried(target.smoothing, image_CHW), {
              axis: 'M',
              name: [...stream, step],
              count: noises,
              block: BLOCK,
            }),
          )
          const gradient_ACHW = gradientOf(target, {
            ...{ points_ACHW, noise_AMCHW, labels_A, byRatio_A, attempts: attempts.length, noises },
          })
          const moved_ACHW = add(points_ACHW, mul(unit(gradient_ACHW), mul(ball.radii_A, WAY / steps)))
          return detach(inBall(moved_ACHW, ball))
        })
      }
    })
    const shift_ACHW = sub(to(points_ACHW, 'float64'), to(ball.clean_ACHW, 'float64'))
    const lengths_A = mul(normOfEach(shift_ACHW, 'A'), 1 / PER_UNIT)
    return attempts.map((_, attempt) => ({
      image_CHW: select(points_ACHW, 'A', attempt),
      length: select(lengths_A, 'A', attempt),
    }))
  })
}

/** The region that points may lie in. */
interface Ball {
  readonly clean_ACHW: Tensor<'ACHW'>
  /** For images in [-1, 1]. */
  readonly radii_A: Tensor<'A'>
}

/** Returns the ascent direction of each attack. */
function gradientOf(
  target: AttackTarget,
  { points_ACHW, noise_AMCHW, labels_A, byRatio_A, attempts, noises }: Ascent,
): Tensor<'ACHW'> {
  const { session } = points_ACHW
  const variable_ACHW = leaf(points_ACHW)
  const noisy_NCHW = flatten(noisy(target.smoothing, variable_ACHW, noise_AMCHW), 'AM', 'N')
  const logs_NK = logProbabilities(target, seen(target.smoothing, noisy_NCHW, { live: true }))
  // In log space: a class that is far from every copy still has a direction.
  const logMean_AK = consistencyTarget(unflatten(logs_NK, 'N', { as: 'AM', count: attempts }), noises)
  const classes = Array.from({ length: target.classes }, (_, label) => label)
  const labels_AK = add(mul(detach(logMean_AK), 0), tensor(session, classes, { axes: 'K' }))
  const others_AK = where(ne(labels_AK, labels_A), logMean_AK, LOG_OF_NOTHING)
  const other_A = max(others_AK, 'K')
  const rest_A = where(byRatio_A, pick(logMean_AK, 'K', labels_A), logOf(add(mul(exp(other_A), -1), 1)))
  return grad(sum(sub(other_A, rest_A)), variable_ACHW)
}

interface Ascent {
  readonly points_ACHW: Tensor<'ACHW'>
  readonly noise_AMCHW: Tensor<'AMCHW'>
  readonly labels_A: Tensor<'A'>
  readonly byRatio_A: Tensor<'A', boolean>
  /** A. */
  readonly attempts: number
  /** M. */
  readonly noises: number
}

function logOf<A extends string>(probability: Tensor<A>): Tensor<A> {
  return log(clampMin(probability, PROBABILITY_FLOOR))
}

/** Returns log softmax of the ensemble, a differentiable replacement for its votes. */
function logProbabilities({ members, by }: AttackTarget, seen_NCHW: Tensor<'NCHW'>): Tensor<'NK'> {
  const [first, ...others] = members.map((member, position) => {
    const logits_NK = member.classify(seen_NCHW)
    if (by === 'logits') return logits_NK
    return typeof by === 'string' ? softmax(logits_NK, 'K') : mul(logits_NK, by[position] ?? 0)
  }) as [Tensor<'NK'>, ...Tensor<'NK'>[]]
  const total_NK = others.reduce((total, next) => add(total, next), first)
  if (by === 'logits' || typeof by !== 'string') return logSoftmax(total_NK, 'K')
  return logOf(mul(total_NK, 1 / members.length))
}

function withoutParameterGradients(members: readonly Classifier[], body: () => void): void {
  const [first, ...others] = members
  if (first === undefined) body()
  else first.withoutParameterGradients(() => withoutParameterGradients(others, body))
}

function directionOf({ image_CHW, start, stream }: Attempt): Tensor<'CHW'> {
  if (start.kind === 'image') return mul(image_CHW, 0)
  if (start.kind === 'towards') return sub(start.image_CHW, image_CHW)
  return randnLike(image_CHW, generator(image_CHW.session, ...stream, 'start'))
}

/** Returns the points of the sphere in these directions, within the pixel range; the image itself for a direction of length 0. */
function onSphere(direction_ACHW: Tensor<'ACHW'>, { clean_ACHW, radii_A }: Ball): Tensor<'ACHW'> {
  return clamp(add(mul(unit(direction_ACHW), radii_A), clean_ACHW), -1, 1)
}

/** Projects points onto the ball, then onto the pixel range, which contains its centre: this moves them even closer to it. */
function inBall(points_ACHW: Tensor<'ACHW'>, { clean_ACHW, radii_A }: Ball): Tensor<'ACHW'> {
  const shift_ACHW = sub(points_ACHW, clean_ACHW)
  const length_A = clampMin(normOfEach(shift_ACHW, 'A'), LENGTH_FLOOR)
  const scale_A = where(gt(length_A, radii_A), div(radii_A, length_A), 1)
  return clamp(add(mul(shift_ACHW, scale_A), clean_ACHW), -1, 1)
}

function unit(direction_ACHW: Tensor<'ACHW'>): Tensor<'ACHW'> {
  return div(direction_ACHW, clampMin(normOfEach(direction_ACHW, 'A'), LENGTH_FLOOR))
}

function stackOf<A extends string>(
  attempts: readonly [Attempt, ...Attempt[]],
  of: (attempt: Attempt) => Tensor<A>,
): Tensor<`A${A}`> {
  return stack(attempts.map(of) as [Tensor<A>, ...Tensor<A>[]], { as: 'A' })
}
