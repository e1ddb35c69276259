/**
 * The part of a ramp that an epoch has reached: epoch e of w has e/w of it, from 1/w on, as in the released code.
 *
 * @param epoch - counted from 1
 */
export function rampFactor(epoch: number, { rampEpochs }: { readonly rampEpochs: number }): number {
  return Math.min(1, epoch / rampEpochs)
}
