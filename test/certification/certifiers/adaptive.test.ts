import { describe, expect, it } from 'vitest'
import { GridCertification, SizedCertification } from '../../../src/certification/adaptive'
import { type Ask, gridCertifier, sizedCertifier } from '../../../src/certification/certifiers'
import { gaussianBound } from '../../../src/statistics/bound'
import { answered } from './answered'

const BOUND = gaussianBound(0.5)
const GRID = new GridCertification({ bound: BOUND, alpha: 0.01, n: 1200, radii: [0, 0.25, 0.5] })
const SIZED = new SizedCertification({ bound: BOUND, alpha: 0.001, n: 10_000, maxRadiusLoss: 0.05 })

/** Votes of three classes: a tenth of them misses for class 2, some rounded, the rest for class 0. */
const mostlyFirst = ({ count }: Ask) => {
  const misses = Math.round(count / 10)
  return [count - misses, 0, misses]
}

describe('gridCertifier', () => {
  it('certifies at the radii that the grid does, with the votes of every look', () => {
    const { outcome, asked } = answered(gridCertifier({ certification: GRID, n0: 20 }), mostlyFirst)
    const run = GRID.begin()
    const looks: [number, number][] = []
    for (let next = run.next; next; next = run.next) {
      const [hits = 0] = mostlyFirst({ stage: '', count: next.votes })
      looks.push([next.votes, hits])
      run.observe(hits)
    }
    const { radius, lowerBound, candidateCount, n, decisions } = run.certificate
    expect(radius).toBe(0.5)
    expect(outcome).toEqual({
      ...{ kind: 'certified-at', class: 0, radii: [0, 0.25, 0.5], refused: [] },
      evidence: {
        ...{ candidate: 0, candidateCount, runnerUp: 2, runnerUpCount: n - candidateCount, n0: 20, n },
        ...{ lowerBound, selection: { 0: 18, 2: 2 }, pilot: 0, look: looks.length, looks },
      },
    })
    expect(decisions.every(({ isCertified }) => isCertified)).toBe(true)
    // The first look does not wait for the selection, and each look has its own noise.
    expect(asked[0]).toEqual([
      { stage: 'selection', count: 20 },
      { stage: 'estimation', from: 0, count: 64 },
    ])
    let from = 0
    const later = looks.map(([count]) => {
      const ask = { stage: 'estimation', from, count }
      from += count
      return [ask]
    })
    expect(asked.slice(1)).toEqual(later.slice(1))
  })

  it('has the radii below the first that it gives up', () => {
    const { outcome } = answered(gridCertifier({ certification: GRID, n0: 20 }), ({ count }) => {
      const misses = Math.round(count / 4)
      return [count - misses, misses]
    })
    expect(outcome).toMatchObject({ kind: 'certified-at', radii: [0, 0.25], refused: [] })
  })

  it('abstains where it certifies none, counting for the class of the selection alone', () => {
    const { outcome } = answered(gridCertifier({ certification: GRID, n0: 3 }), ({ stage, count }) =>
      stage === 'selection' ? [1, 2, 0] : [count, 0, 0],
    )
    expect(outcome).toMatchObject({
      kind: 'abstains',
      evidence: { candidate: 1, candidateCount: 0, runnerUp: 0, selection: { 0: 1, 1: 2 }, lowerBound: 0 },
    })
    expect(outcome.evidence.runnerUpCount).toBe(outcome.evidence.n)
  })

  it('asks for nothing but the selection where no votes could show any of the radii', () => {
    const certification = new GridCertification({ bound: BOUND, alpha: 0.001, n: 100, radii: [5] })
    const { outcome, asked } = answered(gridCertifier({ certification, n0: 4 }), () => [0, 4])
    expect(asked).toEqual([[{ stage: 'selection', count: 4 }]])
    expect(outcome).toMatchObject({
      kind: 'abstains',
      evidence: { candidate: 1, runnerUp: 0, runnerUpCount: 0, n: 0, look: 0, looks: [] },
    })
  })
})

describe('sizedCertifier', () => {
  it('certifies from the estimation alone, and keeps what the pilot has drawn', () => {
    const { outcome, asked } = answered(sizedCertifier({ certification: SIZED, n0: 20 }), mostlyFirst)
    const run = SIZED.begin()
    for (let next = run.next; next; next = run.next) {
      run.observe(mostlyFirst({ stage: '', count: next.votes })[0] ?? 0)
    }
    const { radius, lowerBound, candidateCount, n, pilot, planned } = run.certificate
    const pilots = asked.flat().filter(({ stage }) => stage === 'pilot')
    expect(pilots.length).toBeGreaterThan(1)
    expect(outcome).toEqual({
      ...{ kind: 'certified', class: 0, radius },
      evidence: {
        ...{ candidate: 0, candidateCount, runnerUp: 2, runnerUpCount: n - candidateCount, n0: 20, n },
        ...{ lowerBound, selection: { 0: 18, 2: 2 }, pilot, planned },
        pilots: pilots.map(ask => [ask.count, mostlyFirst(ask)[0]]),
      },
    })
    expect(pilots.map(({ from }) => from)).toEqual([0, 64, 128])
    expect(asked.at(-1)).toEqual([{ stage: 'estimation', from: 0, count: n }])
  })

  it('abstains where the bound does not reach 1/2', () => {
    const { outcome } = answered(sizedCertifier({ certification: SIZED, n0: 20 }), ({ count }) => {
      const hits = Math.ceil(count / 2)
      return [hits, count - hits]
    })
    expect(outcome.kind).toBe('abstains')
    expect(outcome.evidence.lowerBound).toBeLessThan(0.5)
    expect(outcome.evidence.pilot).toBeGreaterThan(0)
  })
})
