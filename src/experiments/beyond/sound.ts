import type { Experiment } from '../definition'
import { at, offTheShelf } from '../paper/arms'
import { certifiedAs } from './certified-as'

/** The cost of certificates that are sound despite rounding. */
export const sound: Experiment = {
  name: 'sound',
  title: 'Certificates that rounding cannot break',
  source: 'no table of the paper',
  varies: 'whether pixels and noise are in whole steps of 1/255 and bounds in whole numbers (--sound)',
  heldEqual: 'networks, data, n0, n and α; the noise of --sound is another draw',
  findings: [],
  sigma: 0.5,
  scales: ['digits', 'cifar10'],
  arms: ({ sigmas }) =>
    sigmas.flatMap(sigma => [
      at(sigma, { ...offTheShelf(), label: 'Gaussian noise' }),
      at(
        sigma,
        certifiedAs(
          { ...offTheShelf(), key: 'off-the-shelf-sound', label: '--sound' },
          { noise: 'discrete-gaussian' },
        ),
      ),
    ]),
  reference: 'off-the-shelf',
}
