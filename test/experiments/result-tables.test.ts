import { describe, expect, it } from 'vitest'
import { renderTable } from '../../src/analysis/tables'
import {
  type ArmOutcome,
  type Experiment,
  type ExperimentOutcome,
  findExperiments,
  makeScale,
  arms as ready,
} from '../../src/experiments'
import { resolveArms } from '../../src/experiments/arms'
import { denoisedRowsOfTable1, envelopeOf, keptTable, linfTable } from '../../src/experiments/derived-tables'
import { experimentPage } from '../../src/experiments/experiment-page'
import type { ImageSamples } from '../../src/experiments/image-samples'
import { resultTables } from '../../src/experiments/result-tables'
import { keptSection, lossSection } from '../../src/experiments/training-section'
import { rowsOf } from '../analysis/rows'
import { PIXEL, updateReport } from '../support/run-folders'

/** Certificates of two images of class 1; a radius below 0 stands for a wrong prediction. */
function log(...radii: readonly number[]) {
  return rowsOf(...radii.map(radius => [1, radius < 0 ? 0 : 1, Math.abs(radius)] as const))
}

function outcome(
  name: string,
  logs: Readonly<Record<string, readonly ReturnType<typeof log>[]>>,
): ExperimentOutcome {
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
  return { experiment, scale, seeds: [0, 1], indices: [0, 1], arms, norm: 'ℓ2', samples: undefined }
}

describe('the tables of an experiment', () => {
  const objective = outcome('objective', {
    'ft-cadis': [log(0.6, 0.4), log(0.8, 0.2)],
    'cross-entropy': [log(0.3, 0.1), log(0.3, -0.1)],
  })

  it('name the norm of the radii, and refuse what follows from ℓ2 alone', async () => {
    const [accuracy] = resultTables({ ...objective, norm: 'ℓ1' })
    expect(accuracy?.caption).toMatch(/^Certified accuracy in percent at ℓ1 radius r/)
    expect(resultTables(objective)[0]?.caption).toMatch(/at ℓ2 radius r/)
    const page = await experimentPage({ ...objective, norm: 'ℓ1' })
    expect(JSON.stringify(page)).toContain('radii are ℓ1, for pixels in [0, 1]')
    expect(JSON.stringify(page)).toContain('ℓ₁ radius')
    expect(() => linfTable({ ...objective, norm: 'ℓ1' })).toThrow(/are of ℓ1, and a table of it is of ℓ2/)
    expect(() => envelopeOf({ ...objective, norm: 'ℓ1' }, [])).toThrow(/are of ℓ1/)
  })

  it('are means over seeds, differences to the reference, and the rows of the paper', () => {
    const [accuracy, paired, bySeed, paper] = resultTables(objective)
    expect(accuracy?.rows.map(row => [row[0], row.at(-1)])).toEqual([
      ['FT-CADIS', { mean: 0.5, deviation: 0 }],
      ['cross-entropy (Eq. 6)', { mean: expect.closeTo(0.175), deviation: expect.closeTo(0.0354, 4) }],
    ])
    // Image by image 0.7 - 0.3 and 0.3 - 0.05, which are the ends of every interval.
    expect(paired?.rows).toEqual([
      [
        ...['cross-entropy (Eq. 6)', 'FT-CADIS'],
        ...['-25.0 (-50.0 to 0.0)', '-25.0 (-50.0 to 0.0)', '-50.0 (-100.0 to 0.0)', '-25.0 (-50.0 to 0.0)'],
        ...[expect.closeTo(-0.325), expect.closeTo(-0.4), expect.closeTo(-0.25)],
      ],
    ])
    expect(bySeed?.rows[1]).toEqual(['cross-entropy (Eq. 6)', expect.closeTo(0.2), expect.closeTo(0.15)])
    expect(paper && renderTable(paper, 'markdown')).toMatch(
      /\| FT-CADIS +\| 0.500 ± 0.000 \| +0.784 \|.*48.1 \|/,
    )
  })

  it('stand on a page that says what differs from the paper', async () => {
    const { sections, lead } = await experimentPage(objective)
    expect(lead).toMatch(
      /^Largest certified accuracy by ℓ2 radius r: r = 0: FT-CADIS 100\.0 %; r = 0\.25: FT-CADIS /,
    )
    const [facts, differs] = sections
    expect(facts?.kind === 'facts' && facts.facts).toEqual(
      expect.arrayContaining([
        ['σ', '0.75'],
        ['seeds', '0, 1'],
        ['test images', '2'],
        ['certification', 'n0 = 100, n = 1000, α = 0.001'],
      ]),
    )
    expect(differs).toMatchObject({ kind: 'text', paragraphs: [expect.stringContaining('numbers cannot')] })
  })

  it('name who is best at a radius together, and none where nobody certifies', async () => {
    const verdict = async (first: number, second: number) => {
      const logs = { 'ft-cadis': [log(first, 0.2)], 'cross-entropy': [log(second, 0.3)] }
      return (await experimentPage(outcome('objective', logs))).lead
    }
    expect(await verdict(0.4, 0.6)).toBe(
      'Largest certified accuracy by ℓ2 radius r: r = 0: FT-CADIS and cross-entropy (Eq. 6) 100.0 %; ' +
        'r = 0.25: cross-entropy (Eq. 6) 100.0 %; r = 0.5: cross-entropy (Eq. 6) 50.0 %.',
    )
    const none = { 'ft-cadis': [log(-0.1, -0.2)] }
    expect((await experimentPage(outcome('objective', none))).lead).toBe('No arm certifies any image.')
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

  it('say what training took, beside the paper', () => {
    const { arms: resolved, ...others } = outcome('cost', { 'off-the-shelf': [log(0.2)], full: [log(0.4)] })
    const updates = [100, 300, 200].map((durationMs, index) => updateReport(index + 1, { durationMs }))
    const trained = { updates: [updates], training: { trainableParameters: 7 } }
    const arms = resolved.map(arm => (arm.arm.key === 'full' ? { ...arm, ...trained } : arm))
    const tables = others.experiment.tables?.({ ...others, arms })
    expect(tables?.[0]?.rows).toEqual([
      ['off-the-shelf', 0.2, 0, 0, 0, null],
      ['FT-CADIS, full fine-tuning', 0.4, 7, 3, 0.6, 200],
    ])
    expect(tables?.[1]?.rows.at(-1)).toEqual(['FT-CADIS, LoRA', 1.001, 900_000, 8.4])
  })

  it('show the rows of Table 1 that have the same denoiser', () => {
    const { rows } = denoisedRowsOfTable1({ name: 'digits' })
    expect(rows.map(([method]) => String(method).split(' (')[0])).toEqual([
      'Diffusion Denoised',
      'Diffusion Denoised + fine-tuning',
      'FT-CADIS',
    ])
    expect(rows[2]?.slice(1)).toEqual([80.3, 68.4, 54.5, 39.9, 31.6, 23.5])
    expect(denoisedRowsOfTable1({ name: 'imagenet' }).caption).toMatch(/ImageNet/)
  })

  it('count the drawn images that an arm keeps, with its confidence in both kinds', () => {
    const hallucination = outcome('hallucination', { 'ft-cadis-sigma-0.25': [log(0.1)] })
    const image = { index: 0, clean: PIXEL, denoised: [PIXEL, PIXEL] }
    const verdicts = [
      [
        { predicted: 1, confidence: 0.5 },
        { predicted: 1, confidence: 0.7 },
      ],
      [
        { predicted: 2, confidence: 0.9 },
        { predicted: 0, confidence: 0.3 },
      ],
    ]
    const samples: ImageSamples = {
      classes: ['a', 'b', 'c'],
      sigmas: [
        {
          sigma: 0.25,
          images: [1, 2].map(label => ({ ...image, label })),
          arms: [
            { key: 'ft-cadis-sigma-0.25', verdicts },
            { key: 'other', verdicts: [[{ predicted: 1, confidence: 1 }]] },
          ],
        },
      ],
    }
    const [first, second] = keptTable(samples, hallucination).rows
    expect(first?.slice(1)).toEqual([4, 75, expect.closeTo(70), expect.closeTo(30)])
    expect(first?.[0]).toBe(hallucination.arms[0]?.label)
    expect(second).toEqual(['other', 1, 100, 100, null])
  })
})

describe('the curves of an experiment', () => {
  const { arms: resolved, ...others } = outcome('stability', { 'ft-cadis-sigma-0.25': [log(0.1)] })
  const seed = (share: number) => [1, 2].map(step => updateReport(step, { metrics: { allKeptShare: share } }))
  const trained = {
    ...others,
    arms: resolved.map(arm => ({ ...arm, updates: [seed(0.2), seed(0.6)] })),
  }

  it('are the means over seeds', async () => {
    const [losses] = await lossSection(trained)
    expect(losses).toMatchObject({
      ...{ kind: 'charts', title: 'Training' },
      note: 'Lines are means over seeds and over 10 updates.',
    })
    expect(losses?.kind === 'charts' && losses.charts.map(({ alt }) => alt.split(' against')[0])).toEqual([
      'SCE',
      'MAdv',
      'loss',
      'training accuracy (%)',
    ])
    const [kept] = await keptSection(trained)
    // 20 % and 60 % of the images on the two seeds.
    const svg = kept?.kind === 'charts' ? kept.charts[0]?.svg : undefined
    expect(svg).toMatch(/>40(\.0)?</)
  })

  it('are none where nothing was trained', async () => {
    expect(await lossSection({ ...others, arms: resolved })).toEqual([])
  })
})
