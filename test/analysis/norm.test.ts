import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { analysisPage } from '../../src/analysis/analysis-page'
import { type AnalyzeOptions, analyze } from '../../src/analysis/analyze'
import { logsOfWeights } from '../../src/cli/export/card-logs'
import { ConfigError } from '../../src/errors'
import { LOG_FORMAT } from '../../src/logs/certification-log-metadata'
import { readRun } from '../../src/runs/read-run'
import { runReport } from '../../src/runs/report/run-report'
import * as voted from '../support/voted-rows'
import { labelled, logOf } from './logs'

const l1 = (file: string) => logOf(file, [1, 0.5, null, 0.5], { norm: 'l1' })
const l2 = (file: string) => logOf(file, [1, 0.25, null, 0.5])

it('calls the radii of uniform noise ℓ1, wherever it names a norm', async () => {
  const logs = [...labelled('a', l1('a')), ...labelled('b', l1('b'))]
  const options: AnalyzeOptions = { perClass: true, highProbability: { rho: 0.001 }, compare: ['a', 'b'] }
  const text = JSON.stringify(await analysisPage(analyze(logs, options)))
  expect(text.match(/ℓ1 radius/g)?.length).toBeGreaterThanOrEqual(6)
  expect(text).toContain('ℓ₁')
  expect(text).not.toMatch(/ℓ2|ℓ₂/)
  const ofGaussian = [...labelled('a', l2('a')), ...labelled('b', l2('b'))]
  expect(JSON.stringify(await analysisPage(analyze(ofGaussian, options)))).not.toMatch(/ℓ1|ℓ₁/)
})

it('refuses radii of two norms side by side, with a log of each', () => {
  const both = () => analyze([...labelled('a', l1('a.tsv')), ...labelled('b', l2('b.tsv'))])
  expect(both).toThrow(ConfigError)
  expect(both).toThrow('The radii of a.tsv are of ℓ1, and those of b.tsv of ℓ2.')
})

it.each<[string, AnalyzeOptions]>([
  ['Accuracy at ℓ∞ radii', { lInfinity: { dimensions: 64, epsilons: [{ text: '0.1', value: 0.1 }] } }],
  ['The paper', { paper: ['table1_cifar10'] }],
  ['What is published', { frontier: 'cifar10' }],
])('refuses what follows from ℓ2 radii alone: %s', (what, options) => {
  expect(() => analyze(labelled('a', l1('a.tsv')), options)).toThrow(
    `${what} is of ℓ2, and the radii of a.tsv are of ℓ1.`,
  )
})

describe('a run with logs of both norms', () => {
  let run: string
  beforeAll(async () => {
    run = join(await mkdtemp(join(tmpdir(), 'ft-cadis-norm-')), 'run')
    await cp(join(__dirname, '..', 'support', 'earlier-run'), run, { recursive: true })
    for (const norm of ['l1', 'l2']) {
      const log = join(run, `certify-${norm}.tsv`)
      const configuration = { ...voted.configurationOf('certify'), norm, bound: 'of a test' }
      await writeFile(log, voted.logOf('certify'))
      await writeFile(`${log}.json`, JSON.stringify({ format: LOG_FORMAT, configuration }))
    }
  })
  afterAll(() => rm(join(run, '..'), { recursive: true }))

  it('has a table of each in its report', async () => {
    const { sections } = await runReport([{ name: 'run', run: await readRun(run) }])
    const text = JSON.stringify(sections.filter(({ kind }) => kind === 'table'))
    expect(text).toContain('Certified accuracy in percent at ℓ1 radius r')
    expect(text).toContain('Certified accuracy in percent at ℓ2 radius r')
  })

  it('has those of ℓ2 in its model card, and says that the others are not', async () => {
    const { logs, notes } = await logsOfWeights(run, { checkpoint: null, denoiser: undefined })
    expect(logs.map(({ file }) => file)).toEqual([join(run, 'certify-l2.tsv')])
    expect(notes).toEqual(['certify-l1.tsv is not in the model card: its radii are of l1.'])
  })
})
