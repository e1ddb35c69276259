import { expect, it } from 'vitest'
import type { Table } from '../../src/analysis/tables'
import { type ComparedArm, comparisonReport } from '../../src/experiments/comparison-report'
import { rowsOf } from '../analysis/rows'
import { samplesFile, updateReport } from '../support/run-folders'

/** Certificates of images of class 0 and 1 in turn. */
const log = (...radii: readonly number[]) =>
  rowsOf(...radii.map((radius, index) => [index % 2, index % 2, radius] as const))

const ours: ComparedArm = {
  label: 'ours',
  logs: [log(0.6, 0.2), log(0.4, 0.4)],
  updates: [[1, 2, 3].map(step => updateReport(step, { metrics: { allKeptShare: step / 10 } }))],
}
const theirs: ComparedArm = { label: 'theirs', logs: [log(0.1, 0.3)] }

const page = (arms: readonly ComparedArm[]) =>
  comparisonReport({
    ...{ title: 'Comparison', lead: 'lead', arms, radii: [0, 0.25, 0.5], classes: ['nought', 'one', 'two'] },
    ...{ samples: samplesFile(1).samples, notes: ['note'] },
  })

it('has the tables over all seeds, by seed and by class, training curves and pictures', async () => {
  const { sections } = await page([ours, theirs])
  expect(sections.map(({ kind, title }) => title ?? kind)).toEqual([
    'Certified accuracy',
    'charts',
    'table',
    'By class',
    'table',
    'Training',
    'Denoised images',
    'What this is',
  ])
  const tables = sections.flatMap((section): Table[] => (section.kind === 'table' ? [section.table] : []))
  const [, bySeed, atZero, atMiddle] = tables
  expect(bySeed?.rows).toEqual([
    ['ours', expect.closeTo(0.4), expect.closeTo(0.4)],
    ['theirs', expect.closeTo(0.2), null],
  ])
  expect(atZero?.rows).toEqual([
    ['nought', 100, 100],
    ['one', 100, 100],
    ['two', null, null],
  ])
  expect(atMiddle?.caption).toMatch(/r = 0.25$/)
  expect(atMiddle?.rows.slice(0, 2)).toEqual([
    ['nought', 100, 0],
    ['one', 50, 100],
  ])
  const training = sections.find(({ title }) => title === 'Training')
  expect(training?.kind === 'charts' && training.charts.map(({ alt }) => alt)).toEqual(
    ['SCE', 'MAdv', 'loss', '|D_nh| = M (%)'].map(metric => `${metric} against training step for ours.`),
  )
})

it('leaves out what there is nothing of', async () => {
  const { sections } = await page([theirs])
  expect(sections.filter(({ kind }) => kind === 'charts')).toHaveLength(1)
  expect(sections.filter(({ kind }) => kind === 'table')).toHaveLength(3)
})
