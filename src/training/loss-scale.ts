/**
 * What the loss is multiplied by, so that small gradients do not underflow to zero in float16; gradients are divided by
 * it before anything looks at them. The rule and its constants are those of torch's `GradScaler`: halved when a gradient
 * overflows, in which case the step is not taken, and doubled after 2,000 updates in a row without.
 */
export interface LossScale {
  readonly scale: number
  /** Updates in a row whose gradients were finite, since the scale last changed. */
  readonly goodUpdates: number
}

/** The scale that training in float16 starts with. */
export const FIRST_LOSS_SCALE: LossScale = { scale: 65_536, goodUpdates: 0 }

/** No scaling: for number types whose gradients do not underflow. */
export const NO_LOSS_SCALE: LossScale = { scale: 1, goodUpdates: 0 }

const GROWTH_INTERVAL = 2_000

/** The scale after an update. */
export function nextLossScale(
  { scale, goodUpdates }: LossScale,
  { overflowed }: { overflowed: boolean },
): LossScale {
  if (overflowed) return { scale: Math.max(scale / 2, 1), goodUpdates: 0 }
  if (goodUpdates + 1 < GROWTH_INTERVAL) return { scale, goodUpdates: goodUpdates + 1 }
  return { scale: scale * 2, goodUpdates: 0 }
}
