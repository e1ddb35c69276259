/**
 * The factor of the loss that keeps small float16 gradients from underflowing to zero; gradients are divided by it before any use. The rule
 * and its constants are those of torch's `GradScaler`: halve it if a gradient overflows and skip the step; double it after 2,000 updates in
 * a row without overflow.
 */
export interface LossScale {
  readonly scale: number
  /** Consecutive updates with finite gradients since the scale last changed. */
  readonly goodUpdates: number
}

/** The initial scale for training in float16. */
export const FIRST_LOSS_SCALE: LossScale = { scale: 65_536, goodUpdates: 0 }

/** No scaling: for number types whose gradients do not underflow. */
export const NO_LOSS_SCALE: LossScale = { scale: 1, goodUpdates: 0 }

const GROWTH_INTERVAL = 2_000

/** Returns the scale after an update. */
export function nextLossScale(
  { scale, goodUpdates }: LossScale,
  { overflowed }: { overflowed: boolean },
): LossScale {
  if (overflowed) return { scale: Math.max(scale / 2, 1), goodUpdates: 0 }
  if (goodUpdates + 1 < GROWTH_INTERVAL) return { scale, goodUpdates: goodUpdates + 1 }
  return { scale: scale * 2, goodUpdates: 0 }
}
