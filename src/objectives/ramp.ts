/**
 * Returns the fraction of a ramp at an epoch: e/w at epoch e of w, from 1/w on, as in the released code.
 *
 * @param epoch - counted from 1
 */
export function rampFactor(epoch: number, { rampEpochs }: { readonly rampEpochs: number }): number {
  return Math.min(1, epoch / rampEpochs)
}
