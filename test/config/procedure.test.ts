import { expect, it } from 'vitest'
import { certificationOf, parseCertificationConfig, parseConfig } from '../../src'
import { presets } from '../../src/config/presets'
import { ConfigError } from '../../src/errors'

const run = presets.digits({ output: 'runs/a' })
const settings = certificationOf(run)
const sigma = settings.smoothing.sigma
const parse = (certification: object, root: object = {}) =>
  parseCertificationConfig({ ...settings, certification, ...root })
const network = (numClasses?: number) => ({ classifier: { source: 'timm', path: 'a', numClasses } })

it('is CERTIFY unless another is chosen, with every default', () => {
  expect(parse({}).certification.procedure).toEqual({ kind: 'certify' })
  const aces = parse({ procedure: { kind: 'aces', threshold: 0.5 } }, { aces: { core: network() } })
  expect(aces.certification.procedure).toEqual({ kind: 'aces', threshold: 0.5, radiusZero: 'sound' })
  expect(aces.aces?.core?.classifier).toMatchObject({ path: 'a', inputRange: 'symmetric' })
  const sigmas = [sigma, sigma / 2]
  expect(parse({ procedure: { kind: 'cascade', sigmas } }).certification.procedure).toEqual({
    ...{ kind: 'cascade', sigmas, threshold: 0.5, rule: 'sound', clean: false },
  })
  expect(parse({ procedure: { kind: 'pixel-dp' } }).certification.procedure).toEqual({
    ...{ kind: 'pixel-dp', split: 'halves' },
  })
  const published = { procedure: { kind: 'pixel-dp', split: 'published' }, alpha: 0.05 }
  expect(parse(published).certification.procedure).toMatchObject({ split: 'published' })
})

const cascade = (sigmas: readonly number[], others: object = {}) => ({
  procedure: { kind: 'cascade', sigmas, ...others },
})
const aces = { procedure: { kind: 'aces', threshold: 0.5 } }
it.each<[string, object, object, RegExp]>([
  [
    'scales in ascending order',
    cascade([0.25, 0.5, 1]),
    {},
    /certification\.procedure\.sigmas: expected the largest first .* such as \[1, 0\.5, 0\.25\], got \[0\.25, 0\.5, 1\]/,
  ],
  ['a scale twice', cascade([1, 1]), {}, /procedure\.sigmas: expected .*got \[1, 1\]/],
  ['one scale', cascade([1]), {}, /procedure\.sigmas: expected a list of at least 2 values/],
  [
    'other scales than the smoothing begins with',
    cascade([9, 0.5]),
    {},
    /procedure\.sigmas: expected smoothing\.sigma, [\d.]+, as the first and largest, got \[9, 0\.5\]/,
  ],
  [
    'the released rule above 1/2',
    cascade([sigma, 0.01], { rule: 'released', threshold: 0.7 }),
    {},
    /procedure\.threshold: expected 0\.5 for the rule released, .*got 0\.7/,
  ],
  [
    'a threshold below 1/2',
    cascade([sigma, 0.01], { threshold: 0.4 }),
    {},
    /threshold: expected at least 0\.5, got 0\.4/,
  ],
  [
    'adaptive votes beside another procedure',
    { ...aces, adaptive: { radii: [0, 1] } },
    {},
    /certification\.adaptive: expected none for the procedure aces, .*got .*\[0,1\]/,
  ],
  [
    'other noise than Gaussian',
    { ...aces, noise: 'uniform' },
    {},
    /certification\.noise: expected gaussian for the procedure aces, .*got uniform/,
  ],
  [
    'Laplace noise but for PixelDP',
    { noise: 'laplace' },
    {},
    /certification\.noise: expected gaussian or discrete-gaussian or uniform for the procedure certify, .*got laplace/,
  ],
  [
    'noise that PixelDP has no bound of',
    { procedure: { kind: 'pixel-dp' }, noise: 'uniform' },
    {},
    /certification\.noise: expected gaussian or laplace for the procedure pixel-dp, .*got uniform/,
  ],
  [
    'no threshold',
    { procedure: { kind: 'aces' } },
    {},
    /procedure\.threshold: expected a number, got nothing/,
  ],
  [
    'a selector of three classes',
    aces,
    { aces: { selector: network(3) } },
    /aces\.selector\.classifier\.numClasses: expected 2, .*got 3/,
  ],
  [
    'a core that is none',
    aces,
    { aces: { core: { classifier: { source: 'none' } } } },
    /aces\.core\.classifier\.source: expected the source of a classifier, got none/,
  ],
  [
    'an ensemble in ACES',
    aces,
    { ensemble: { others: [{ path: 'b' }] } },
    /ensemble: expected none for the procedure aces/,
  ],
  [
    'networks that are not asked',
    {},
    { aces: { core: network() } },
    /aces: expected none for the procedure certify, got core/,
  ],
  [
    'published bounds of votes for another alpha',
    { procedure: { kind: 'pixel-dp', split: 'published' } },
    {},
    /procedure\.split: expected halves: .* alpha 0\.05, got alpha 0\.001/,
  ],
  [
    'another word',
    { procedure: { kind: 'cascades' } },
    {},
    /procedure\.kind: expected .*got "cascades"\. Did you mean "cascade"/,
  ],
])('%s is refused', (_what, certification, root, message) => {
  expect(() => parse(certification, root)).toThrow(ConfigError)
  expect(() => parse(certification, root)).toThrow(message)
})

it('is checked in the settings of a run, too', () => {
  const certification = cascade([0.1, 0.2])
  expect(() => parseConfig({ ...run, certification } as never)).toThrow(/procedure\.sigmas: expected/)
})
