import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import {
  type AttackOptions,
  type AttackRow,
  attack,
  type CertificationConfigInput,
  type CertificationRow,
  type CertificationRunConfigInput,
  certify,
  type Session,
  smoothingOf,
  torch,
  toSymmetric,
} from '../../src'
import {
  noiseLevelOf,
  pairWithAttacks,
  pixelDpCertifier,
  requireUnbroken,
  rowOf,
  singleVoter,
  statedClass,
} from '../../src/internal'
import { pixelDpBound } from '../../src/statistics/pixel-dp'
import { CLASSIFIER, connectForTest, DENOISER, loadDigits } from '../support/digits'
import { certifyOne } from '../support/votes'

/** With so small an α, not one of these certificates is false by chance. */
const ALPHA = 1e-6
const SIGMA = 0.25
const IMAGES = 5
const SMALL: AttackOptions = { starts: 2, steps: 10, noises: 8, rounds: 7, votes: 300 }

let session: Session
let folder: string
let ofOne: readonly AttackRow[]
beforeAll(async () => {
  session = await connectForTest()
  folder = await mkdtemp(join(tmpdir(), 'ft-cadis-attack-'))
  const config = settings('certify')
  await certify(session, config)
  ofOne = (await attack(session, config, SMALL)).log.rows
})
afterAll(async () => {
  await session.close()
  await rm(folder, { recursive: true })
})

const settings = (
  name: string,
  certification: CertificationConfigInput = {},
): CertificationRunConfigInput => ({
  output: join(folder, name),
  smoothing: { sigma: SIGMA, denoiser: { source: 'diffusers', path: DENOISER } },
  classifier: { source: 'timm', path: CLASSIFIER },
  data: { source: 'digits' },
  certification: { n0: 100, n: 2000, alpha: ALPHA, batch: 500, images: { first: IMAGES }, ...certification },
})

/** Every certified radius is smaller than the smallest change; and some image has both. */
function requireRoom(certificates: readonly CertificationRow[], attacks: readonly AttackRow[]): void {
  const gaps = pairWithAttacks(certificates, attacks)
  requireUnbroken(gaps, { chance: 2 * ALPHA })
  const both = gaps.filter(({ certified = 0, attacked }) => certified > 0 && Number.isFinite(attacked))
  expect(both.length).toBeGreaterThan(1)
}

it.each<[string, CertificationConfigInput['adaptive']]>([
  ['CERTIFY', 'none'],
  ['a grid of radii', { radii: [0, 0.1, 0.2, 0.3, 0.4, 0.5] }],
  ['as many votes as a radius takes', { maxRadiusLoss: 0.02 }],
  ['adaptive sampling at one radius', { radius: 0.15, rounds: [500, 2000] }],
])('%s certifies nothing that an attack changes', async (name, adaptive) => {
  const { rows } = await certify(session, settings(name, { adaptive }))
  requireRoom(rows, ofOne)
})

it('PixelDP certifies nothing that an attack changes', async () => {
  const { denoiser, classifier, testSet } = await loadDigits(session)
  const drawn = noiseLevelOf(denoiser, SIGMA).realisedSigma
  // The attack size that this noise hides with ε = 1 and δ = 0.05.
  const [epsilon, delta] = [1, 0.05]
  const size = (Math.min(SIGMA, drawn) * epsilon) / Math.sqrt(2 * Math.log(1.25 / delta))
  const certifier = pixelDpCertifier({ bound: pixelDpBound({ size, epsilon, delta }), eta: ALPHA, n: 2000 })
  const rows: CertificationRow[] = []
  for (const { index, label, digest } of ofOne) {
    const image_CHW = session.scope(() =>
      torch.select(toSymmetric(testSet.images([index]).images_BCHW), 'B', 0),
    )
    const outcomes = await certifyOne(
      { image_CHW, stream: ['pixeldp', index], certifiers: [certifier] },
      { main: { smoothing: smoothingOf(denoiser, SIGMA), voter: singleVoter(classifier, { classes: 10 }) } },
      { batch: 500 },
    )
    rows.push(...outcomes.map(outcome => rowOf({ index, label, digest, durationMs: 1 }, outcome)))
  }
  session.free([denoiser, classifier, testSet])
  requireRoom(rows, ofOne)
})

it('an ensemble certifies nothing that an attack on it changes', async () => {
  const other = await torch.loadClassifier(session, {
    ...{ source: 'timm', path: CLASSIFIER, inputRange: { mean: [0.6], std: [0.4] } },
  })
  const path = join(folder, 'other')
  await other.save(path)
  session.free(other)
  const config = {
    ...settings('ensemble', { images: { first: 3 } }),
    ensemble: { others: [{ path }], by: 'votes' as const },
  }
  const { rows } = await certify(session, config)
  const { log } = await attack(session, config, SMALL)
  requireRoom(rows, log.rows)
}, 180_000)

it('what states no class is not attacked', () => {
  expect(statedClass({ kind: 'abstains' })).toBeUndefined()
  expect(statedClass({ kind: 'certified-at', class: 1, radii: [], refused: [0.5] })).toBeUndefined()
  expect(statedClass({ kind: 'certified-at', class: 1, radii: [0.5], refused: [] })).toBe(1)
})
