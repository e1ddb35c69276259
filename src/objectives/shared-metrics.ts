/** Metrics shared by several objectives. */

/** Cross-entropy with the label; its sum is `crossEntropy`. */
export const crossEntropyMetric = (caption: string) => ({
  label: 'CE',
  caption,
  tag: 'loss/cross_entropy',
  isHeadline: true,
})

/** The share of the images in training that get their label, from the sum `recognized`. */
export const trainingAccuracyMetric = (caption: string) => ({
  label: 'training accuracy',
  caption,
  tag: 'train/accuracy',
  unit: 'share' as const,
  isHeadline: true,
  of: ({ recognized }: { readonly recognized: number }, { copies }: { readonly copies: number }) =>
    recognized / copies,
})
