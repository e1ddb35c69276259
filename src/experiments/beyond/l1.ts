import type { Experiment } from '../definition'
import { at, offTheShelf } from '../paper/arms'
import { certifiedAs } from './certified-as'

/** Uniform noise, with radii of the ℓ1 norm. */
export const l1: Experiment = {
  name: 'l1',
  title: 'ℓ1 radii by uniform noise',
  source: 'no table of the paper',
  varies: 'the noise that is certified with, of one standard deviation: uniform, or Gaussian',
  heldEqual:
    'networks, data, n0, n and α. Radii of Gaussian noise are of ℓ2; they hold in ℓ1 too, since an ℓ1 ball lies inside the ℓ2 ball of its radius',
  findings: [],
  sigma: 0.5,
  scales: ['digits', 'cifar10'],
  arms: ({ sigmas }) =>
    sigmas.flatMap(sigma => [
      at(sigma, { ...offTheShelf(), label: 'Gaussian noise (ℓ2, which holds in ℓ1)' }),
      at(
        sigma,
        certifiedAs(
          { ...offTheShelf(), key: 'off-the-shelf-uniform', label: 'uniform noise' },
          { noise: 'uniform' },
        ),
      ),
    ]),
  reference: 'off-the-shelf',
}
