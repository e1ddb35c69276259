import { afterAll, beforeAll, expect, it } from 'vitest'
import { ConfigError, gaussianBound, type Session, smoothingOf } from '../../src'
import {
  acesCertifier,
  type Certifier,
  cascadeCertifier,
  cohenCertifier,
  selectorVoter,
  singleVoter,
} from '../../src/internal'
import { connectForTest, loadDigits } from '../support/digits'
import { certifyOne, imageOf } from '../support/votes'

const VOTES = { alpha: 0.01, n0: 16, n: 96 }
const bound = gaussianBound(0.25)

let session: Session
let networks: Awaited<ReturnType<typeof loadDigits>>
beforeAll(async () => {
  session = await connectForTest()
  networks = await loadDigits(session)
})
afterAll(() => session.close())

async function outcomeOf(certifier: Certifier, threshold = 1) {
  const { classifier, denoiser, testSet } = networks
  const line = (sigma: number) => ({
    smoothing: smoothingOf(sigma === 0 ? null : denoiser, sigma),
    voter: singleVoter(classifier, { classes: 10 }),
  })
  const main = {
    smoothing: smoothingOf(denoiser, 0.25),
    voter: selectorVoter(classifier, { classes: 10, threshold }),
  }
  const [outcome] = await certifyOne(
    { image_CHW: imageOf(testSet, 0), stream: ['lines'], certifiers: [certifier] },
    { main, core: { ...line(0), copies: 1 }, large: line(0.75), small: line(0.25) },
  )
  return outcome
}

it('ACES asks selector and network about the same copies, and the core about the image itself', async () => {
  const network = await outcomeOf(cohenCertifier({ bound, ...VOTES, alpha: VOTES.alpha / 2 }))
  const chosen = await outcomeOf(acesCertifier({ bound, ...VOTES }))
  expect(network?.kind).toBe('certified')
  expect(chosen?.evidence).toEqual({
    ...network?.evidence,
    parts: [expect.objectContaining({ of: 'selector' })],
  })
  expect(chosen).toMatchObject({ kind: 'certified', class: network?.evidence.candidate })
  expect(chosen?.evidence.parts?.[0]).toMatchObject({ candidate: 1, candidateCount: 96 })
  expect(await outcomeOf(acesCertifier({ bound, ...VOTES }), 0)).toMatchObject({
    ...{ kind: 'certified-at', class: 6, radii: [0] },
    evidence: { unsmoothed: 6, parts: [{ candidate: 0, candidateCount: 96 }] },
  })
})

it('a cascade asks its scales one after another', async () => {
  const scales = [0.75, 0.25].map(sigma => ({
    ...{ line: sigma === 0.75 ? 'large' : 'small', sigma, bound: gaussianBound(sigma) },
  }))
  const outcome = await outcomeOf(cascadeCertifier({ scales, ...VOTES, clean: 'core' }))
  expect(outcome?.evidence).toMatchObject({ n0: 16, n: 96 })
  const visited = [...(outcome?.evidence.parts ?? []), outcome?.evidence]
  for (const evidence of visited)
    expect(Object.values(evidence?.counts ?? {}).reduce((a, b) => a + b)).toBe(96)
})

it('a line that there is not is refused', async () => {
  const scales = [{ line: 'huge', sigma: 1, bound: gaussianBound(1) }]
  const refused = outcomeOf(cascadeCertifier({ scales, ...VOTES }))
  await expect(refused).rejects.toThrow(ConfigError)
  await expect(refused).rejects.toThrow(/asks the line "huge", and there is main, core, large, small/)
})
