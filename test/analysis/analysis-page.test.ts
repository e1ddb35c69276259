import { expect, it } from 'vitest'
import { analysisPage, curvesChart } from '../../src/analysis/analysis-page'
import { analyze } from '../../src/analysis/analyze'
import { renderReport } from '../../src/analysis/report'
import { cutShort, labelled, logOf } from './logs'

const analysis = analyze(
  [
    ...labelled('ours', logOf('a', [1, 0.5], { sigma: 0.25 }), logOf('b', [2, 1], { sigma: 1 })),
    ...labelled('theirs', cutShort(logOf('c', [1, null]))),
  ],
  { envelope: true, perClass: true, lInfinity: { dimensions: 4, epsilons: [{ text: '1/2', value: 0.5 }] } },
)

it('has notes, every table, the curves for desktop and phone, classes and what the figures say', async () => {
  const page = await analysisPage(analysis)
  expect(page.lead).toBe('ours · theirs (partial)')
  expect(page.sections.map(({ kind, title }) => title ?? kind)).toEqual([
    'Notes',
    'Summary',
    'charts',
    'table',
    'table',
    'By class',
    'table',
    'table',
    'How to read it',
  ])
  const [charts] = page.sections.flatMap(section => (section.kind === 'charts' ? section.charts : []))
  expect(charts?.svg).toContain('width="1000"')
  expect(charts?.narrowSvg).toContain('width="340"')
  expect(renderReport(page)).toContain('c is partial: line 4')
})

it('draws a line for each run, and leaves the curves their room whatever the legend takes', async () => {
  const svg = await curvesChart(analysis)
  for (const name of ['ours, σ = 0.25', 'ours, σ = 1', 'theirs (partial)']) expect(svg).toContain(`>${name}<`)
  const heightOf = (chart: string) => Number(/height="(\d+)"/.exec(chart)?.[1])
  const many = Array.from({ length: 8 }, (_, index) =>
    labelled(`a name of some length ${index}`, logOf(`${index}`, [1])),
  )
  // Four lines of two columns instead of one.
  expect(heightOf(await curvesChart(analyze(many.flat()))) - heightOf(svg)).toBe(60)
})

it('draws of an envelope one line a method where that is asked for', async () => {
  const svg = await curvesChart(analysis, { envelope: true })
  expect(svg).toContain('>ours<')
  expect(svg).not.toContain('σ = 0.25')
})

it('names the norm of the radii at the axis and in the caption', async () => {
  const l1 = labelled('uniform', logOf('u', [1], { norm: 'l1', bound: 'uniform' }))
  const figureOf = async (logs: typeof l1) => {
    const { sections } = await analysisPage(analyze(logs))
    const [chart] = sections.flatMap(section => (section.kind === 'charts' ? section.charts : []))
    return [
      />([^<]*) radius \(/.exec(chart?.svg ?? '')?.[1],
      /the (.*) radius/.exec(chart?.caption ?? '')?.[1],
    ]
  }
  expect(await figureOf(l1)).toEqual(['ℓ₁', 'ℓ1'])
  expect(await figureOf(labelled('m', logOf('m', [1])))).toEqual(['ℓ₂', 'ℓ2'])
})
