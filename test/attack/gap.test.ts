import { describe, expect, it } from 'vitest'
import {
  type AttackRow,
  BrokenCertificateError,
  type CertificationRow,
  DataError,
  type ImageGap,
} from '../../src'
import {
  accuracyUnderAttack,
  accuracyWithCertificate,
  gapChart,
  gapTable,
  pairWithAttacks,
  requireUnbroken,
} from '../../src/internal'

const DIGEST = '0123456789abcdef'

const certificate = (index: number, finding: CertificationRow['finding']): CertificationRow => {
  const prediction = 'class' in finding ? finding.class : -1
  const radius = finding.kind === 'certified' ? finding.radius : 0
  return {
    index,
    label: 1,
    finding,
    prediction,
    radius,
    correct: prediction === 1,
    durationMs: 1,
    digest: DIGEST,
  }
}

const attacked = (index: number, radius?: number): AttackRow => ({
  ...{ index, label: 1, class: 1, failed: 0.1, asked: 1, digest: DIGEST, durationMs: 1 },
  ...(radius !== undefined && { change: { radius, class: 2, votes: 600, n: 1000 } }),
})

describe('certificates and attacks', () => {
  const certified = (index: number, radius: number) =>
    certificate(index, { kind: 'certified', class: 1, radius })

  it('are paired by image', () => {
    const rows = [
      certified(0, 0.5),
      certified(1, 0.25),
      certificate(2, { kind: 'abstains' }),
      certificate(3, { kind: 'predicted', class: 1 }),
      certified(4, 0.75),
    ]
    expect(pairWithAttacks(rows, [attacked(3, 0.2), attacked(1), attacked(0, 0.75)])).toEqual([
      { index: 0, class: 1, correct: true, certified: 0.5, attacked: 0.75 },
      { index: 1, class: 1, correct: true, certified: 0.25, attacked: Number.POSITIVE_INFINITY },
      { index: 2, class: undefined, correct: false, certified: undefined, attacked: 0 },
      { index: 3, class: 1, correct: true, certified: undefined, attacked: 0.2 },
    ])
  })

  it.each([
    ['label', { label: 2 }],
    ['class', { class: 0 }],
    ['digest', { digest: 'fedcba9876543210' }],
  ])('of another %s are refused', (what, change) => {
    const pair = () => pairWithAttacks([certified(7, 0.5)], [{ ...attacked(7, 1), ...change }])
    expect(pair).toThrow(DataError)
    expect(pair).toThrow(new RegExp(`^Image 7 has the ${what} .* Attack again into a new log`))
  })
})

describe('a change', () => {
  const gap = (certified: number, found: number): ImageGap => ({
    ...{ index: 3, class: 1, correct: true, certified, attacked: found },
  })

  it.each([0.5, 0.49])('at %f breaks a certificate of 0.5', found => {
    const check = () => requireUnbroken([gap(0.5, found), gap(0.5, 1)], { chance: 0.002 })
    expect(check).toThrow(BrokenCertificateError)
    expect(check).toThrow(/^1 of 2 certificates are false:\n {2}image 3: class 1 is certified within 0\.5/)
    expect(check).toThrow(/at most 0\.002/)
  })

  it('beyond its radius breaks none, nor does one at an image without a radius', () => {
    requireUnbroken([gap(0.5, 0.5000001), gap(0, 0), gap(0.5, Number.POSITIVE_INFINITY)], { chance: 0.002 })
  })
})

describe('the room between certificates and attacks', () => {
  const gaps: ImageGap[] = [
    { index: 0, class: 1, correct: true, certified: 0.5, attacked: 0.75 },
    { index: 1, class: 1, correct: true, certified: 0.25, attacked: Number.POSITIVE_INFINITY },
    { index: 2, class: 1, correct: false, certified: 0.5, attacked: 1 },
    { index: 3, class: 1, correct: true, certified: undefined, attacked: 0.25 },
  ]

  it('is of images that are correct: at least the certified, at most those without a change within the radius', () => {
    const radii = [0, 0.25, 0.5, 0.75]
    expect(accuracyWithCertificate(gaps, radii)).toEqual([0.5, 0.5, 0.25, 0])
    expect(accuracyUnderAttack(gaps, radii)).toEqual([0.75, 0.5, 0.5, 0.25])
  })

  it('is a table', () => {
    const { rows, notes } = gapTable(gaps, [0, 0.5])
    expect(rows).toEqual([
      ['under attack', 75, 50],
      ['certified', 50, 25],
      ['between', 25, 25],
    ])
    expect(notes).toEqual([
      'The smallest change lies at 1.75 times the certified radius in the median of 2 images, at 1.50 times at least. No change was found for 1 images.',
    ])
  })

  it('is a chart of both curves', async () => {
    const svg = await gapChart(gaps)
    expect(svg).toMatch(/under attack \(upper bound\)[\s\S]*certified \(lower bound\)/)
  })
})
