import { expect, it } from 'vitest'
import { certificationOf, parseCertificationConfig, parseConfig } from '../../src'
import { presets } from '../../src/config/presets'

const run = presets.digits({ output: 'runs/a', sigma: 0.25 })
const settings = certificationOf(run)
const procedure = (sigmas: readonly number[] = [0.25, 0.5]) => ({ kind: 'router', sigma: 0.5, sigmas })
const network = (numClasses?: number) => ({ classifier: { source: 'timm', path: 'a', numClasses } })
const networks = { network: network(), others: [{ checkpoint: 'b' }] }
const parse = (certification: object, root: object = { router: networks }) =>
  parseCertificationConfig({ ...settings, certification, ...root })

it('asks all experts where the router abstains, unless a radius is said', () => {
  const { certification, router } = parse({ procedure: procedure() })
  expect(certification.procedure).toEqual({ ...procedure(), agreement: 0 })
  expect(router?.others).toEqual([{ checkpoint: 'b' }])
  const wide = parse({ procedure: { ...procedure(), agreement: 0.25 } })
  expect(wide.certification.procedure).toMatchObject({ agreement: 0.25 })
})

it.each<[string, object, object, RegExp]>([
  [
    'noise levels that descend',
    { procedure: procedure([0.5, 0.25]) },
    { router: networks },
    /procedure\.sigmas: expected the smallest first .* such as \[0\.25, 0\.5\], got \[0\.5, 0\.25\]/,
  ],
  [
    'noise levels that begin elsewhere',
    { procedure: procedure([0.1, 0.5]) },
    { router: networks },
    /procedure\.sigmas: expected smoothing\.sigma, 0\.25, as the first and smallest, got \[0\.1, 0\.5\]/,
  ],
  ['one expert', { procedure: procedure([0.25]) }, { router: networks }, /expected a list of at least 2/],
  ['no networks', { procedure: procedure() }, {}, /router: expected network and others .* got none/],
  [
    'too few experts',
    { procedure: procedure([0.25, 0.5, 1]) },
    { router: networks },
    /router\.others: expected 2 beside the classifier, one for each noise level, got 1/,
  ],
  [
    'the first expert again',
    { procedure: procedure() },
    { router: { ...networks, others: [{}] } },
    /router\.others\.0: expected path or checkpoint, got neither/,
  ],
  [
    'a head of other classes',
    { procedure: procedure() },
    { router: { ...networks, network: network(10) } },
    /numClasses: expected 2, a class for each expert, got 10/,
  ],
  [
    'an ensemble',
    { procedure: procedure() },
    { router: networks, ensemble: { others: [{ path: 'b' }] } },
    /ensemble: expected none for the procedure router/,
  ],
  ['another procedure', {}, { router: networks }, /router: expected none for the procedure certify/],
  [
    'adaptive votes',
    { procedure: procedure(), adaptive: { radii: [0.5] } },
    { router: networks },
    /adaptive: expected none for the procedure router/,
  ],
])('is refused with %s', (_what, certification, root, message) => {
  expect(() => parse(certification, root)).toThrow(message)
})

it('is refused in the settings of a run, which trains one of its networks', () => {
  const certification = { ...run.certification, procedure: { ...procedure(), agreement: 0 } }
  expect(() => parseConfig({ ...run, certification } as typeof run)).toThrow(
    /certification\.procedure\.kind: expected a procedure of one classifier in the settings of a run, got router/,
  )
})
