import { randomNumbers } from '../streams'
import type { Certifier, Tally } from './certifiers'

/**
 * Probabilities of the class under noise, p_A: 100 quantiles of the 10,000 test images of CIFAR-10 in the log of Cohen et al. (2019), σ =
 * 0.5, n = 100,000. A row that abstains counts as 1/2, which needs the most votes. The cost of an adaptive certification depends on these
 * probabilities, which differ between classifiers.
 */
export const TYPICAL_PROBABILITIES: readonly number[] = [
  0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.50724, 0.51598, 0.52498,
  0.53446, 0.54415, 0.55405, 0.5625, 0.57187, 0.5808, 0.58954, 0.59963, 0.60889, 0.61732, 0.6257, 0.63402,
  0.64153, 0.65047, 0.66153, 0.67028, 0.6811, 0.69176, 0.70087, 0.70986, 0.71939, 0.72944, 0.73735, 0.74707,
  0.7566, 0.76593, 0.77325, 0.78281, 0.79156, 0.80066, 0.80897, 0.81654, 0.82392, 0.83211, 0.83958, 0.84682,
  0.85568, 0.86463, 0.87236, 0.88058, 0.88766, 0.89443, 0.90196, 0.90843, 0.91458, 0.92101, 0.92707, 0.93251,
  0.93789, 0.94338, 0.94785, 0.95204, 0.95595, 0.95961, 0.96301, 0.96679, 0.97039, 0.97316, 0.97629, 0.9787,
  0.98071, 0.98342, 0.98581, 0.9879, 0.98972, 0.9913, 0.99267, 0.99421, 0.99546, 0.99647, 0.99728, 0.99793,
  0.99844, 0.99892, 0.99927, 0.99952, 0.99969, 0.99985, 0.99993, 0.99997, 1, 1,
]

/** Certifications per probability: the mean over them varies by a few percent. */
const REPEATS = 4

/**
 * Returns the mean number of noisy copies per image, from votes drawn with these probabilities. All votes against the class are for one
 * other class.
 *
 * @param certifier - that of all images; all its requests must be for the main line
 */
export function expectedCopies(
  certifier: Certifier,
  { probabilities = TYPICAL_PROBABILITIES }: { readonly probabilities?: readonly number[] } = {},
): number {
  const random = randomNumbers('expected copies')
  let copies = 0
  for (const probability of probabilities) {
    for (let repeat = 0; repeat < REPEATS; repeat += 1) {
      const steps = certifier.begin()
      let step = steps.next([])
      while (step.done !== true) {
        step = steps.next(
          step.value.map(({ count }): Tally => {
            copies += count
            let hits = 0
            for (let copy = 0; copy < count; copy += 1) if (random() < probability) hits += 1
            return [hits, count - hits]
          }),
        )
      }
    }
  }
  return copies / (REPEATS * probabilities.length)
}
