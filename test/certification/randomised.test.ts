import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import {
  type CertificationConfigInput,
  certificationOf,
  certify,
  loadSmoothed,
  parseCertificationConfig,
  presets,
  type Session,
} from '../../src'
import { requireCertifiable } from '../../src/certification/require-certifiable'
import { lowerConfidenceBound, randomisedLowerBound } from '../../src/statistics/confidence-bound'
import { uniformOfBound } from '../../src/statistics/uniform-of-bound'
import { connectForTest } from '../support/digits'
import { useForkedPython } from '../support/forked-python'

useForkedPython()

let session: Session
let folder: string
beforeAll(async () => {
  session = await connectForTest()
  folder = await mkdtemp(join(tmpdir(), 'ft-cadis-randomised-'))
})
afterAll(async () => {
  await session.close()
  await rm(folder, { recursive: true })
})

const settings = (certification: CertificationConfigInput) =>
  parseCertificationConfig({
    ...certificationOf(presets.digits({ output: folder })),
    certification: { ...{ n0: 16, n: 96, seed: 5, images: { first: 4 } }, ...certification },
  })

it('has the votes of CERTIFY, a number for each image, and radii at least as large', async () => {
  const log = join(folder, 'randomised.tsv')
  const fixed = await certify(session, settings({}), { log: join(folder, 'fixed.tsv') })
  const { rows, metadata } = await certify(session, settings({ confidence: 'randomised' }), { log })
  expect(metadata?.configuration.confidence).toBe('randomised')
  for (const [place, { index, evidence, radius }] of rows.entries()) {
    const { uniform = 0, lowerBound = 0, candidateCount = 0 } = evidence ?? {}
    expect(uniform).toBe(uniformOfBound([5, 'certify', index]))
    expect(lowerBound).toBe(randomisedLowerBound(candidateCount, 96, { alpha: 0.001, uniform }))
    expect(candidateCount).toBe(fixed.rows[place]?.evidence?.candidateCount)
    expect(lowerBound).toBeGreaterThanOrEqual(lowerConfidenceBound(candidateCount, 96, { alpha: 0.001 }))
    expect(radius).toBeGreaterThanOrEqual(fixed.rows[place]?.radius ?? 0)
  }
  // It is not continued with another bound.
  await expect(certify(session, settings({}), { log })).rejects.toThrow(/confidence: "randomised" in the log/)
})

it.each<CertificationConfigInput>([
  { noise: 'discrete-gaussian' },
  { adaptive: { radii: [0, 0.5] } },
  { procedure: { kind: 'pixel-dp' } },
])('is refused with %o', others => {
  const certification = { n: 1000, alpha: 0.001, ...others, confidence: 'randomised' as const }
  expect(() => settings(certification)).toThrow(/certification.confidence: expected clopper-pearson/)
})

it('is refused where images are asked about again', async () => {
  const config = settings({ confidence: 'randomised' })
  await expect(loadSmoothed(session, config)).rejects.toThrow(/answers as often as it is asked/)
  expect(() => requireCertifiable(config.certification, { sigma: 0.5, images: 1 })).not.toThrow()
})
