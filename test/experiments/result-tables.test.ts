import { describe, expect, it } from 'vitest'
import {
  type ArmOutcome,
  type Experiment,
  findExperiments,
  makeScale,
  type Outcome,
  arms as ready,
} from '../../src'
import { renderTable } from '../../src/analysis/tables'
import { resolveArms } from '../../src/experiments/arms'
import { envelopeOf, linfTable } from '../../src/experiments/derived-tables'
import { experimentPage } from '../../src/experiments/experiment-page'
import { resultTables } from '../../src/experiments/result-tables'

/** Certificates of two images of class 1; a radius below 0 stands for a wrong prediction. */
function log(...radii: readonly number[]) {
  return radii.map((radius, index) => ({
    ...{ index, label: 1, radius: Math.abs(radius), durationMs: 1 },
    prediction: radius < 0 ? 0 : 1,
    correct: radius >= 0,
  }))
}

function outcome(name: string, logs: Readonly<Record<string, readonly ReturnType<typeof log>[]>>): Outcome {
  const [experiment] = findExperiments([name]) as [Experiment]
  const scale = makeScale('digits', { output: 'x' })
  const arms = resolveArms(experiment, { scale, output: 'x' })
    .filter(({ arm }) => logs[arm.key] !== undefined)
    .map(
      (arm): ArmOutcome => ({
        ...arm,
        label: arm.arm.label,
        logs: logs[arm.arm.key] ?? [],
        updates: [],
        training: undefined,
      }),
    )
  return { experiment, scale, seeds: [0, 1], indices: [0, 1], arms, samples: undefined }
}

describe('the tables of an experiment', () => {
  const objective = outcome('objective', {
    'ft-cadis': [log(0.6, 0.4), log(0.8, 0.2)],
    'cross-entropy': [log(0.3, 0.1), log(0.3, -0.1)],
  })

  it('are means over seeds, differences to the reference, and the rows of the paper', () => {
    const [accuracy, paired, bySeed, paper] = resultTables(objective)
    expect(accuracy?.rows.map(([name, acr]) => [name, acr])).toEqual([
      ['FT-CADIS', { mean: 0.5, deviation: 0 }],
      ['cross-entropy (Eq. 6)', { mean: expect.closeTo(0.175), deviation: expect.closeTo(0.0354, 4) }],
    ])
    // Image by image 0.7 - 0.3 and 0.3 - 0.05, which are the ends of every interval.
    expect(paired?.rows).toEqual([
      [
        ...['cross-entropy (Eq. 6)', 'FT-CADIS'],
        ...[expect.closeTo(-0.325), expect.closeTo(-0.4), expect.closeTo(-0.25)],
        ...['-25.0 (-50.0 to 0.0)', '-25.0 (-50.0 to 0.0)', '-50.0 (-100.0 to 0.0)', '-25.0 (-50.0 to 0.0)'],
      ],
    ])
    expect(bySeed?.rows[1]).toEqual(['cross-entropy (Eq. 6)', expect.closeTo(0.2), expect.closeTo(0.15)])
    expect(paper && renderTable(paper, 'markdown')).toMatch(
      /\| FT-CADIS +\| 0.500 ± 0.000 \| +0.784 \|.*48.1 \|/,
    )
  })

  it('stand on a page that says what differs from the paper', async () => {
    const { sections, lead } = await experimentPage(objective)
    expect(lead).toContain('σ = 0.75; 2 seeds (0, 1); 2 test images, n0 = 100, n = 1000, α = 0.001.')
    expect(sections[0]).toMatchObject({
      kind: 'text',
      paragraphs: [expect.stringContaining('numbers cannot')],
    })
  })

  it('have at each radius the best noise level', () => {
    const main = outcome('main', {
      'ft-cadis-sigma-0.25': [log(0.3, 0.2)],
      'ft-cadis-sigma-0.75': [log(0.9, -0.1)],
    })
    expect(envelopeOf(main, [{ label: 'ours', key: 'ft-cadis' }]).rows).toEqual([
      ['ours', '50.0 (σ = 0.25, 100.0)', '50.0 (σ = 0.75, 50.0)', '50.0 (σ = 0.75, 50.0)'],
    ])
  })

  it('convert radii to ℓ∞', () => {
    const linf = outcome('linf', { 'ft-cadis': [log(0.06, 0.07)] })
    // 2/255 in 64 dimensions is 0.0627.
    expect(linfTable(linf).rows).toEqual([['FT-CADIS', 50, 0, 0]])
    expect(ready.offTheShelf().isTrained).toBe(false)
  })
})
