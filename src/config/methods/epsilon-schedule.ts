import { z } from 'zod'

/** Returns the schema of a radius for all epochs, or a list of steps. */
export function epsilonSchedule<Epsilon extends z.ZodType<number>>(epsilon: Epsilon) {
  return z.union([
    epsilon,
    z
      .array(
        z.strictObject({
          fromEpoch: z.int().nonnegative().describe('First epoch of the step, counted from 0.'),
          epsilon,
        }),
      )
      .min(1)
      .refine(
        steps =>
          steps.every((step, index) => index === 0 || step.fromEpoch > (steps[index - 1]?.fromEpoch ?? 0)),
        {
          error: 'expected epochs in ascending order',
        },
      )
      .refine(steps => steps[0]?.fromEpoch === 0, { error: 'expected a first step from epoch 0' }),
  ])
}
