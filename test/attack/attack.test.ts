import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type AttackOptions,
  attack,
  BrokenCertificateError,
  type CertificationRow,
  type CertificationRunConfigInput,
  ConfigError,
  certify,
  InterruptedError,
  parseCertificationConfig,
  type Session,
  torch,
} from '../../src'
import { pairWithAttacks, planAttack, readAttackLog, requireUnbroken } from '../../src/internal'
import { metadataPath } from '../../src/logs/certification-log-metadata'
import { connectForTest } from '../support/digits'

const ALPHA = 1e-6
const BRIGHTNESS = join(__dirname, '..', 'support', 'brightness_network.py')
const SMALL: AttackOptions = { starts: 2, steps: 8, noises: 8, rounds: 8, votes: 400 }
const CHANCE = { chance: 2 * ALPHA }

let session: Session
let folder: string
beforeAll(async () => {
  session = await connectForTest()
  folder = await mkdtemp(join(tmpdir(), 'ft-cadis-attack-'))
})
afterAll(async () => {
  await session.close()
  await rm(folder, { recursive: true })
})

/** A classifier whose smoothed version changes its class exactly where the mean pixel is 1/2. */
const linear = (name: string, certification: object = {}): CertificationRunConfigInput => ({
  output: join(folder, name),
  smoothing: { sigma: 1, denoiser: { source: 'none' } },
  classifier: {
    ...{ source: 'python', file: BRIGHTNESS, factory: 'make', arguments: { classes: 10 } },
    inputRange: { mean: [0.5], std: [0.5] },
  },
  data: { source: 'digits' },
  certification: { n0: 64, n: 4000, alpha: ALPHA, batch: 1000, images: { first: 4 }, ...certification },
})

/** How far each of the first images is from where that classifier changes. */
async function distances(count: number): Promise<number[]> {
  const testSet = await torch.openDataset(session, { source: 'digits', split: 'test' })
  const indices = Array.from({ length: count }, (_, index) => index)
  const images = await session.compute(() => testSet.images(indices).images_BCHW)
  session.free(testSet)
  return images.map(image => {
    const pixels = image.flat(2)
    const mean = pixels.reduce((sum, pixel) => sum + pixel, 0) / pixels.length
    return Math.sqrt(pixels.length) * Math.abs(mean - 0.5)
  })
}

const twiceAsLarge = (rows: readonly CertificationRow[]): CertificationRow[] =>
  rows.map(row => {
    const { finding } = row
    const radius = 2 * row.radius
    return finding.kind === 'certified' ? { ...row, radius, finding: { ...finding, radius } } : row
  })

describe('attacks on a classifier whose radius is known', () => {
  it('find a change beyond the radius and not far from it, and certificates end before', async () => {
    const config = linear('linear')
    const certificates = await certify(session, config)
    const { gaps, log } = await attack(session, config, SMALL)
    const radii = await distances(4)
    expect(gaps).toHaveLength(4)
    for (const [position, { certified = 0, attacked }] of gaps.entries()) {
      const radius = radii[position] ?? 0
      expect(certified).toBeGreaterThan(radius / 2)
      expect(certified).toBeLessThan(radius)
      expect(attacked).toBeGreaterThan(radius)
      // Bright pixels cannot get brighter, and CERTIFY wants more than half of the votes.
      expect(attacked).toBeLessThan(1.5 * radius)
    }
    expect(log.metadata.configuration.procedure).toEqual({
      ...{ kind: 'attack', ...SMALL, confirm: 'certify' },
    })
    // The noise is not that of the certification: of another stream, and at another image.
    expect(log.rows.map(({ change }) => change?.n)).toEqual([4000, 4000, 4000, 4000])

    const wrong = twiceAsLarge(certificates.rows)
    const check = () => requireUnbroken(pairWithAttacks(wrong, log.rows), CHANCE)
    expect(check).toThrow(BrokenCertificateError)
    expect(check).toThrow(/^4 of 4 certificates are false/)
  })

  it('are refused loudly once their changes lie within a certified radius', async () => {
    const config = linear('broken', { images: { first: 1 } })
    const { file, rows } = await certify(session, config)
    const text = await readFile(file, 'utf8')
    const radius = String(rows[0]?.radius)
    // A log whose radii are of twice the noise that was drawn.
    await writeFile(file, text.replaceAll(radius, String(2 * Number(radius))))
    const metadata = JSON.parse(await readFile(metadataPath(file), 'utf8'))
    metadata.configuration.certifiedSigma = 2
    await writeFile(metadataPath(file), JSON.stringify(metadata))
    await expect(attack(session, config, SMALL)).rejects.toThrow(BrokenCertificateError)
    // The row that says so is kept.
    expect((await readAttackLog(join(folder, 'broken', 'attack-sigma-1.tsv'))).rows).toHaveLength(1)
  })

  it('have the same rows in parts, after an interruption, and after a row was cut short', async () => {
    const config = linear('parts')
    const quick = { ...SMALL, rounds: 3 }
    await certify(session, config)
    const reference = await attack(session, config, { ...quick, log: join(folder, 'whole.tsv') })
    const log = join(folder, 'parts.tsv')
    await attack(session, config, { ...quick, log, images: { indices: [2] } })
    const controller = new AbortController()
    const onImage = (done: number) => {
      if (done === 2) controller.abort('SIGINT')
    }
    const small = { ...linear('parts', { batch: 16 }) }
    const stopped = attack(session, small, { ...quick, log, onImage, signal: controller.signal })
    await expect(stopped).rejects.toThrow(InterruptedError)
    await expect(stopped).rejects.toThrow(/Stopped with 2 of 4 images attacked/)
    await truncate(log, (await readFile(log)).length - 3)
    const { log: resumed } = await attack(session, small, { ...quick, log })
    const withoutTimes = (rows: typeof resumed.rows) =>
      rows.map(({ durationMs: _, ...row }) => row).sort((a, b) => a.index - b.index)
    expect(withoutTimes(resumed.rows)).toEqual(withoutTimes(reference.log.rows))
  })

  it('are about the classifier and the data of the certificates', async () => {
    const config = linear('refused', { images: { first: 1 } })
    await certify(session, config)
    const certificates = join(folder, 'refused', 'certify-sigma-1.tsv')
    const inputRange = { mean: [0.4], std: [0.5] }
    const other = { ...config, classifier: { ...config.classifier, inputRange } }
    const attackOther = attack(session, other as CertificationRunConfigInput, { ...SMALL, certificates })
    await expect(attackOther).rejects.toThrow(ConfigError)
    await expect(attackOther).rejects.toThrow(/another smoothed classifier or other data[\s\S]*models/)
  })

  it('are planned from files alone, and refused before anything is loaded', async () => {
    const config = parseCertificationConfig(linear('planned'))
    await expect(planAttack(config)).rejects.toThrow(
      /The certification log .*certify-sigma-1\.tsv does not exist/,
    )
    await certify(session, config)
    const plan = await planAttack(config, { images: { every: 3 }, alpha: 0.01 })
    expect(plan.rows.map(({ index }) => index)).toEqual([0, 3])
    expect(plan).toMatchObject({ chance: 0.01 + ALPHA, log: join(folder, 'planned', 'attack-sigma-1.tsv') })
    const refusals: [AttackOptions, RegExp][] = [
      [{ images: { indices: [1, 9] } }, /has no rows of the images 9\. Certify them first/],
      [{ images: { random: 2 } }, /are chosen among those of the certification log, not drawn/],
      [{ steps: 0 }, /steps must be a whole number of at least 1, got 0/],
      [{ n: 10 }, /n = 10 votes certify nothing at alpha = 1\.25e-7/],
    ]
    for (const [options, message] of refusals) {
      await expect(planAttack(config, options)).rejects.toThrow(ConfigError)
      await expect(planAttack(config, options)).rejects.toThrow(message)
    }
  })
})
