import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { formatRow, LOG_HEADER } from '../../../src/logs/certification-log'
import { loggedRow } from '../../support/logged-row'
import { PIXEL, rows, samplesFile, updateRow, writeRun } from '../../support/run-folders'
import { runWithoutPython } from '../../support/run-without-python'

let folder: string

const certified = [0.5, 0.25].map((radius, index) => formatRow(loggedRow({ index, radius })))
const log = [LOG_HEADER, ...certified].map(line => `${line}\n`).join('')

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ft-cadis-report-'))
  await writeRun(join(folder, 'a <b> & co'), {
    rows: [...rows(8), updateRow(9, { loss: Number.NaN, taken: false, deviceBytes: 3 * 2 ** 30 })],
    cut: '{"kind":"update","epoch":3,',
    state: { state: 'failed', message: 'The loss <i>is</i> NaN.' },
    files: {
      'samples/epoch-00.json': samplesFile(0),
      'samples/epoch-02.json': samplesFile(2),
      'non-finite/step-000009.json': { step: 9, epoch: 3, loss: 'NaN', gradientNorm: 'Infinity' },
      'certify-ours.tsv': `${log}2\t1`,
      // Certification has just begun.
      'certify-next.tsv': `${LOG_HEADER}\n`,
    },
  })
  await writeRun(join(folder, 'seeds', 'x', 'ours'), {
    lambda: 1,
    hooks: { rule: { name: 'right', parameters: { threshold: 0.8 }, sha256: '1'.repeat(64) } },
    rows: rows(4),
    state: { state: 'running' },
  })
  await writeRun(join(folder, 'seeds', 'y', 'ours'), { lambda: 4, hooks: {}, rows: [] })
})
afterAll(() => rm(folder, { recursive: true }))

it('makes the page of a run that has been cut off, whole and self-contained', async () => {
  const { stdout, stderr, exitCode } = await runWithoutPython(folder, 'report', 'a <b> & co')
  expect({ stdout, stderr, exitCode }).toEqual({
    stdout: join('a <b> & co', 'report.html'),
    stderr: '',
    exitCode: 0,
  })
  expect((await readdir(join(folder, 'a <b> & co'))).filter(name => name.includes('tmp'))).toEqual([])
  const page = await readFile(join(folder, 'a <b> & co', 'report.html'), 'utf8')
  expect(page).toContain('<h1>a &lt;b&gt; &amp; co</h1>')
  expect(page).toContain(
    '<p class="lead">Failed: in epoch 3 of 3, after 9 of 12 updates. Noisy accuracy on test images: ' +
      '<span class="word">51.0 %</span> after epoch 1, <span class="word">52.0 %</span> after epoch 2; ' +
      'best <span class="word">52.0 %</span> (epoch 2).</p>',
  )
  // Only verdict, settings, four charts, certificates and the last images stand open.
  const open = page.replace(/<details>.*?<\/details>/gs, '')
  expect([...open.matchAll(/<h2>(.*?)<\/h2>/g)].map(([, title]) => title)).toEqual([
    'Steps not taken',
    'Training',
    'Notes',
    'Certification',
    'Kept and hallucinated images, after epoch 2',
  ])
  expect(page).toContain('The loss &lt;i&gt;is&lt;/i&gt; NaN.')
  for (const [, address] of page.matchAll(/(?:src|srcset|href)="([^"]*)"/g)) expect(address).toMatch(/^data:/)
  const titles = [...page.matchAll(/<h2>(.*?)<\/h2>/g)].map(([, title]) => title)
  expect(titles).toEqual([
    'Steps not taken',
    'Training',
    'Test images',
    'Objective',
    'Optimisation',
    'Speed and memory',
    'Notes',
    'Certification',
    'By class',
    'How to read it',
    'Kept and hallucinated images, before the first update',
    'Kept and hallucinated images, after epoch 2',
    'Figures',
    'Epochs',
    'Configuration',
    'Weights, versions and machine',
  ])
  expect(page.match(new RegExp(PIXEL.replaceAll('+', '\\+'), 'g'))).toHaveLength(6)
  expect(page).toContain('step-000009.json</th><td class="number">9</td>')
  expect(page).toContain('<th scope="row">method.attack.steps</th><td>2</td>')
  expect(page).toContain('<th scope="row">hooks</th><td>not recorded</td>')
  expect(page).toContain('<th scope="row">certify-ours (partial)</th>')
  // Two curves are not constant: drawn large, for phones too; the others are said in words.
  const captions = [...page.matchAll(/<\/picture>\n<figcaption>(.*?)<\/figcaption>/g)].map(([, text]) => text)
  expect(captions).toEqual([
    'Accuracy on noisy test images as the classifier sees them, one noise each, without votes.',
    'Loss of the update, the sum of its parts.',
    'The most that tensors have occupied on the device so far.',
    expect.stringContaining('Certified accuracy'),
  ])
  expect(page).toContain('learning rate 0.001 (scale 1), 0.0001 (first layer); weight decay 0.04')
  expect(page).toContain('<dt>λ</dt><dd>2</dd>')
})

it('compares runs on one page, named by what tells their folders apart', async () => {
  const { stdout, stderr } = await runWithoutPython(folder, 'report', 'seeds/x/ours', 'seeds/y/ours/')
  expect({ stdout, stderr }).toEqual({ stdout: join('seeds', 'report.html'), stderr: '' })
  const page = await readFile(join(folder, 'seeds', 'report.html'), 'utf8')
  expect(page).toContain('<p class="lead">x/ours · y/ours</p>')
  expect(/<h2>(.*?)<\/h2>/.exec(page)?.[1]).toBe('Differences')
  expect(page).toContain('<th scope="row">method.lambda</th><td>1</td><td>4</td>')
  expect(page).toContain(
    '<th scope="row">hooks.rule</th><td>right {&quot;threshold&quot;:0.8}, source 11111111</td><td>–</td>',
  )
  expect(page).not.toContain('method.sigma')
  expect(page).toContain(
    '<th scope="row">state</th><td class="number">killed</td><td class="number">finished</td>',
  )
})

it('refuses a page that cannot be written', async () => {
  const { stdout, stderr, exitCode } = await runWithoutPython(
    folder,
    ...['report', 'seeds/y/ours', '--output', 'seeds'],
  )
  expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 1 })
  expect(stderr).toMatch(/^error: seeds cannot be written/)
})
