/** What metrics of several objectives share. */

/** Cross-entropy with the label; its sum is `crossEntropy`. */
export const crossEntropyMetric = (caption: string) => ({
  label: 'CE',
  caption,
  tag: 'loss/cross_entropy',
  isHeadline: true,
})

/** The share of the images trained on that get their label, of `recognized` among them. */
export const trainingAccuracyMetric = (caption: string) => ({
  label: 'training accuracy',
  caption,
  tag: 'train/accuracy',
  unit: 'share' as const,
  isHeadline: true,
  of: ({ recognized }: { readonly recognized: number }, { copies }: { readonly copies: number }) =>
    recognized / copies,
})
