import { z } from 'zod'
import { count, nonnegative, positive } from '../fields'

/** Settings shared by attacks on noisy images. Lengths are for pixels in [0, 1], like σ. */

export const attackSteps = count.describe('T, steps of the attack.')

export const attackRadius = positive.describe('Radius of the ball, in the l2 norm of images in [0, 1].')

/** Returns the settings of PGD on the mean prediction. Published methods differ in order and floor. */
export const pgdFields = (
  ofMethod: Pick<PgdSettings, 'order' | 'gradientFloor'>,
): {
  steps: typeof attackSteps
  epsilon: typeof attackRadius
  order: z.ZodDefault<z.ZodEnum<{ 'clamp-first': 'clamp-first'; 'project-first': 'project-first' }>>
  gradientFloor: z.ZodDefault<typeof nonnegative>
} => ({
  steps: count.describe('T, steps of the attack. Each is 2 * epsilon / T long.'),
  epsilon: attackRadius,
  order: z
    .enum(['clamp-first', 'project-first'])
    .default(ofMethod.order)
    .describe(
      `Whether a step clamps pixels to [0, 1] and then projects onto the ball, or the reverse. Default ${ofMethod.order}.`,
    ),
  gradientFloor: nonnegative
    .default(ofMethod.gradientFloor)
    .describe(
      'Added to the length that a gradient is divided by. With 0 a gradient that is exactly 0 becomes a standard normal ' +
        `draw. Default ${ofMethod.gradientFloor}.`,
    ),
})

export interface PgdSettings {
  readonly steps: number
  readonly epsilon: number
  readonly order: 'clamp-first' | 'project-first'
  readonly gradientFloor: number
}

export const rampEpochs = (what: string) =>
  count
    .default(1)
    .describe(
      `Epochs over which ${what} from 1/rampEpochs in the first one to all of it. Default 1: no ramp.`,
    )

/** Returns the setting that decides whether gradients flow into a predicted target. */
export const targetGradient = (target: string) =>
  z
    .enum(['live', 'detached'])
    .default('live')
    .describe(`Whether gradients flow into ${target}, as in the released code. Default live.`)
