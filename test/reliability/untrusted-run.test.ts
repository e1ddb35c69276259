import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { readRun, runReport } from '../../src'
import { renderReport } from '../../src/analysis'
import { formatRow, LOG_HEADER } from '../../src/logs/certification-log'
import { loggedRow } from '../support/logged-row'
import { epochRow, rows, samplesFile, writeRun } from '../support/run-folders'

/** Ways out of text, attributes, comments, raw text elements and addresses; JSON as it stands in script elements. */
const HOSTILE = [
  '<script>alert(1)</script>',
  '</script><script>alert(2)</script>',
  '</title></style></textarea><script>alert(3)</script>',
  '"><img src=x onerror=alert(4)>',
  "' onmouseover='alert(5)",
  '--><svg onload=alert(6)>',
  'javascript:alert(7)',
  '{"a":"</script><script>alert(8)</script>"}',
  '&lt;script&gt;alert(9)&lt;/script&gt; &#60;b&#62;',
  '`alert(10)` {{alert(11)}}',
  '\u2028\u2029\0<iframe src="data:text/html,<script>alert(12)</script>">',
]
const WORDS = HOSTILE.join(' ')
/** As names and as values, each separately: pages cut long values off. */
const FIELDS = Object.fromEntries(HOSTILE.map(text => [text, text]))

let folder: string
let page: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ft-cadis-untrusted-'))
  const log = [0, 1].map(index => formatRow(loggedRow({ index, label: index })))
  const fileName = HOSTILE.slice(3, 6).join('').replaceAll('/', '')
  await writeRun(join(folder, 'run'), {
    rows: [...rows(4), epochRow(2, { skippedImages: 11, skippedPaths: [...HOSTILE] })],
    state: { state: 'failed', message: WORDS },
    files: {
      'config.json': {
        config: { ...FIELDS, method: { sigma: WORDS, [WORDS]: HOSTILE } },
        weights: { classifier: FIELDS },
        versions: FIELDS,
        python: { device: WORDS, torch: WORDS },
        commit: WORDS,
        startedAt: WORDS,
      },
      'samples/epoch-00.json': { ...samplesFile(0), classes: [WORDS, WORDS] },
      'non-finite/step-000003.json': { step: 3, epoch: 1, loss: WORDS, gradientNorm: WORDS },
      [`certify-${fileName}.tsv`]: `${[LOG_HEADER, ...log].join('\n')}\n`,
      [`certify-${fileName}.tsv.json`]: {
        configuration: {
          sigma: 0.5,
          n: 1000,
          n0: 100,
          alpha: 0.001,
          seed: 0,
          classifier: WORDS,
          models: { a: WORDS },
        },
        notes: { device: WORDS, [WORDS]: WORDS },
      },
    },
  })
  const name = `run ${WORDS}`
  page = renderReport(await runReport([{ name, run: await readRun(join(folder, 'run')) }]))
})
afterAll(() => rm(folder, { recursive: true }))

interface Element {
  readonly name: string
  readonly attributes: readonly string[]
  /** What stands in its tag and is not an attribute in quotation marks. */
  readonly rest: string
}

/** The elements of a page or chart, of which no attribute has angle brackets. */
function elements(markup: string): Element[] {
  const tags = markup.replace(/<style>.*?<\/style>/s, '').matchAll(/<(?!\/|!doctype)([^\s>/]*)([^>]*?)\/?>/g)
  const attribute = /\s([a-zA-Z0-9:-]+)="[^"]*"/g
  return [...tags].map(([, name = '', text = '']) => ({
    name,
    attributes: [...text.matchAll(attribute)].map(([, attribute = '']) => attribute),
    rest: text.replace(attribute, ''),
  }))
}

it('an untrusted run folder is on its page as text', () => {
  // Message, settings, class names, names of files and logs: they are there.
  expect(page.split('alert(1)').length).toBeGreaterThan(10)
  expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt;')
  expect(page).toContain('&amp;lt;script&amp;gt;alert(9)')
  expect(page).toMatch(/certify-&quot;&gt;&lt;img src=x onerror=alert\(4\)&gt;/)
})

it('nothing of it becomes an element, an attribute or an address', () => {
  const names = new Set(elements(page).map(({ name }) => name))
  expect([...names].sort()).toEqual(
    [
      ...['body', 'div', 'figcaption', 'figure', 'h1', 'h2', 'head', 'html', 'img', 'main', 'meta', 'p'],
      ...[
        ...['dd', 'details', 'dl', 'dt', 'summary'],
        'picture',
        'section',
        'small',
        'source',
        'span',
        'table',
        'tbody',
        'td',
        'th',
        'thead',
        'title',
        'tr',
      ],
    ].sort(),
  )
  for (const { name, attributes, rest } of elements(page)) {
    expect(rest, name).toBe('')
    expect(attributes.filter(attribute => attribute.startsWith('on'))).toEqual([])
  }
  for (const [, address] of page.matchAll(/(?:src|srcset|href)="([^"]*)"/g)) {
    expect(address).toMatch(/^data:image\/(png|svg\+xml);base64,[A-Za-z0-9+/=]+$/)
  }
})

it('nothing of it becomes an element of a chart', () => {
  const charts = [...page.matchAll(/data:image\/svg\+xml;base64,([A-Za-z0-9+/=]+)/g)].map(([, text = '']) =>
    Buffer.from(text, 'base64').toString(),
  )
  expect(charts.length).toBeGreaterThan(5)
  const drawn = ['svg', 'g', 'path', 'text', 'rect', 'defs', 'clipPath', 'line', 'style', 'title', 'tspan']
  for (const chart of charts) {
    for (const { name, attributes, rest } of elements(chart)) {
      expect(drawn).toContain(name)
      expect(rest, name).toBe('')
      expect(attributes.filter(attribute => /^on|href$/.test(attribute))).toEqual([])
    }
  }
})

it('a page runs no script, whatever is on it: its policy has no source for one', () => {
  const [, policy] = /<meta http-equiv="Content-Security-Policy" content="([^"]*)">/.exec(page) ?? []
  expect(policy).toBe("default-src 'none'; img-src data:; style-src 'unsafe-inline'")
  expect(page.indexOf('Content-Security-Policy')).toBeLessThan(page.indexOf('<title>'))
})
