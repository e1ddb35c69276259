/**
 * What a selector is to say of each image: 1, that the certification network is to be asked, where the accuracy of that
 * network under noise is at least the threshold; else 0.
 */
export function selectorTargets(
  accuracies: readonly number[],
  { threshold }: { readonly threshold: number },
): (0 | 1)[] {
  return accuracies.map(accuracy => (accuracy >= threshold ? 1 : 0))
}
