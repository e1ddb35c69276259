import { expect, it } from 'vitest'
import { certificationOf, parseCertificationConfig, parseConfig, presets } from '../../src'
import { parsePurify } from '../../src/cli/certification-options'
import type { CertificationConfigInput } from '../../src/config/schema'

const run = presets.digits({ output: 'runs/a' })
const settings = (certification: CertificationConfigInput, denoiser?: object) => ({
  ...certificationOf(run),
  smoothing: { ...run.smoothing, ...(denoiser && { denoiser }) },
  certification: { n0: 16, n: 1000, ...certification },
})

it.each<[string, CertificationConfigInput, object | undefined, RegExp]>([
  [
    'another procedure',
    { procedure: { kind: 'pixel-dp' } },
    undefined,
    /expected once for the procedure pixel-dp/,
  ],
  ['no denoiser', {}, { source: 'none' }, /local takes a denoiser in front of the classifier/],
])('is refused with %s', (_what, others, denoiser, reason) => {
  const purify = { kind: 'local', sigma: 0.25 } as const
  expect(() => parseCertificationConfig(settings({ ...others, purify }, denoiser))).toThrow(reason)
})

it('is refused in the settings of a run too, and with one step', () => {
  const certification = { ...run.certification, purify: { kind: 'reverse', steps: 3 } as const }
  const plain = { ...run, smoothing: { ...run.smoothing, denoiser: { source: 'none' as const } } }
  expect(() => parseConfig({ ...plain, certification })).toThrow(/reverse takes a diffusion model/)
  expect(parseConfig({ ...run, certification }).certification.purify).toEqual({
    ...{ kind: 'reverse', steps: 3, votes: 10 },
  })
  expect(() => parseCertificationConfig(settings({ purify: { kind: 'reverse', steps: 1 } }))).toThrow(
    /certification.purify.steps/,
  )
})

it.each<[string, object]>([
  ['once', { kind: 'once' }],
  ['local:0.25', { kind: 'local', sigma: 0.25 }],
  ['local:0.1,7', { kind: 'local', sigma: 0.1, votes: 7 }],
  ['reverse:2', { kind: 'reverse', steps: 2 }],
  ['reverse:4,20', { kind: 'reverse', steps: 4, votes: 20 }],
])('--purify %s', (text, purify) => {
  expect(parsePurify(text)).toEqual(purify)
})

it.each(['', 'local', 'local:0', 'local:0.25,0', 'reverse:1', 'reverse:2.5', 'reverse:2,10,3', 'twice:2'])(
  '--purify %j says what is expected',
  text => {
    expect(() => parsePurify(text)).toThrow(/Expected once, local:SIGMA,VOTES/)
  },
)
