import type { MetricTable } from './metrics'
import type { Evaluation } from './objective'

/** Metrics of the default evaluation, measured after each epoch. */
export const ACCURACY_METRICS = {
  noisy: {
    label: 'noisy accuracy',
    caption: 'Accuracy on noisy test images as the classifier sees them, one noise each, without votes.',
    tag: 'test/noisy_accuracy',
    unit: 'share',
    isExact: true,
  },
  clean: {
    label: 'clean accuracy',
    caption: 'Accuracy on clean test images.',
    tag: 'test/clean_accuracy',
    unit: 'share',
    isExact: true,
  },
} satisfies MetricTable

export const BEST_ACCURACY: Evaluation['best'] = { metric: 'noisy', is: 'largest' }
