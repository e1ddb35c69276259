import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type ReportSection, renderReport } from '../../src/analysis/report'
import type { Table } from '../../src/analysis/tables'
import { ConfigError } from '../../src/errors'

/** A grey pixel. */
const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg=='
const svg = '<svg xmlns="http://www.w3.org/2000/svg"><text>wide</text></svg>'
const narrowSvg = '<svg xmlns="http://www.w3.org/2000/svg"><text>narrow</text></svg>'

const table: Table = {
  caption: 'ACR',
  columns: [{ header: 'method' }, { header: 'ACR', digits: 3 }],
  rows: [['FT-CADIS', 0.5]],
}

function page(...sections: ReportSection[]): string {
  return renderReport({ title: 'Digits', lead: 'A toy.', sections })
}

function grid(images: Extract<ReportSection, { kind: 'imageGrid' }>['grid']['rows'][number]['images']) {
  const columnLabels = images.map((_, index) => `copy ${index}`)
  return page({
    kind: 'imageGrid',
    grid: { caption: 'Images', columnLabels, rows: [{ label: 'digit 3', images }] },
  })
}

describe('renderReport', () => {
  it('is a whole page for any screen and colour scheme', () => {
    const html = page({ kind: 'text', title: 'Method', paragraphs: ['One.', 'Two.'] })
    expect(html).toMatch(/^<!doctype html>\n<html lang="en">/)
    expect(html).toContain('<meta name="viewport" content="width=device-width, initial-scale=1">')
    expect(html).toContain('<title>Digits</title>')
    expect(html).toContain('<h1>Digits</h1>\n<p class="lead">A toy.</p>')
    expect(html).toContain('<h2>Method</h2>\n<p>One.</p>\n<p>Two.</p>')
    expect(html).toContain('prefers-color-scheme: dark')
  })

  it('needs no other file and runs nothing', () => {
    const charts = [{ svg: '<svg onload="alert(1)"><script>alert(2)</script></svg>', caption: 'c', alt: 'a' }]
    const html = page({ kind: 'charts', charts }, { kind: 'table', table })
    expect(html).not.toMatch(/<script|onload|<link|@import|url\(/)
    for (const [, address] of html.matchAll(/(?:src|srcset|href)="([^"]*)"/g))
      expect(address).toMatch(/^data:image\//)
    expect(html).toContain("default-src 'none'")
  })

  it('escapes text wherever it stands', () => {
    fc.assert(
      fc.property(fc.string(), noise => {
        const text = `<x y="'">&${noise}`
        const html = renderReport({
          title: text,
          lead: text,
          sections: [
            { kind: 'text', title: text, paragraphs: [text] },
            { kind: 'table', table: { caption: text, columns: [{ header: text }], rows: [[text]] } },
            { kind: 'facts', facts: [[text, text]] },
            {
              kind: 'charts',
              title: text,
              isFolded: true,
              charts: [{ svg, caption: text, alt: text }],
              note: text,
            },
            {
              kind: 'imageGrid',
              grid: {
                caption: text,
                columnLabels: [text],
                rows: [{ label: text, images: [{ png, alt: text, note: text }] }],
              },
            },
          ],
        })
        expect(html).not.toContain('<x')
        expect(html.match(/&lt;x y=&quot;&#39;&quot;&gt;&amp;/g)).toHaveLength(22)
      }),
    )
  })

  it('marks up tables for screen readers and lines numbers up', () => {
    const html = page({ kind: 'table', table })
    expect(html).toContain('<figcaption>ACR</figcaption>')
    expect(html).toContain('<div class="scroll" role="region" tabindex="0" aria-label="ACR">')
    expect(html).toContain('<th scope="col">method</th><th scope="col" class="number">ACR</th>')
    expect(html).toContain(
      '<tr><th scope="row"><span class="word">FT-CADIS</span></th><td class="number">0.500</td></tr>',
    )
  })

  it('marks the best values of a column, and sets numbers with their intervals to the right', () => {
    const columns = [
      { header: 'method' },
      { header: 'r = 0', digits: 1, best: 'largest' as const },
      { header: 'difference' },
    ]
    const rows = [
      ['a', 50.04, '+8.0 (+2.0 to +14.0)'],
      ['b', 50.01, '–'],
      ['c', 49, '0.0 (-1.0 to +1.0)'],
    ]
    const html = page({ kind: 'table', table: { caption: 'c', columns, rows } })
    expect(html.match(/<td class="number"><strong>50\.0<\/strong><\/td>/g)).toHaveLength(2)
    expect(html).toContain('<td class="number">49.0</td>')
    expect(html).toContain('<th scope="col" class="number">difference</th>')
    expect(html).toContain('<span class="word">r = 0</span></th>')
  })

  it('breaks no line inside of a name or before a unit', () => {
    const html = page({ kind: 'text', paragraphs: ['FT-CADIS, σ = 0.25, keeps 95.5 % of Mω-n.'] })
    for (const word of ['FT-CADIS', 'σ = 0.25', '95.5 %']) {
      expect(html).toContain(`<span class="word">${word}</span>`)
    }
    expect(html).toContain(' of Mω-n.')
  })

  it('folds a section under its title', () => {
    const html = page({ kind: 'facts', title: 'Settings', isFolded: true, facts: [['σ', '0.5']] })
    expect(html).toContain(
      '<details>\n<summary><h2>Settings</h2></summary>\n<dl>\n<div><dt>σ</dt><dd>0.5</dd></div>\n</dl>\n</details>',
    )
  })

  it('labels each image of a grid for phones', () => {
    const html = grid([{ png, alt: 'clean' }, null])
    expect(html).toContain('<table class="images" style="--columns: 2">')
    expect(html).toContain('<td data-label="copy 0"><img')
  })

  it('shows the narrow drawing of a chart on phones', () => {
    const html = page({
      kind: 'charts',
      charts: [{ svg, narrowSvg, caption: 'Curve', alt: 'accuracy falls' }],
    })
    const uri = (document: string) => `data:image/svg+xml;base64,${Buffer.from(document).toString('base64')}`
    expect(html).toContain(
      `<picture><source media="(max-width: 44rem)" srcset="${uri(narrowSvg)}"><img src="${uri(svg)}" alt="accuracy falls"></picture>`,
    )
  })

  it('frames kept and hallucinated images, in words too, and explains the frames', () => {
    const html = grid([
      { png, alt: 'clean 3' },
      { png, alt: 'copy', frame: 'kept' },
      { png, alt: 'copy', frame: 'hallucinated', note: 'as 8' },
      null,
    ])
    expect(html).toContain('<img class="tiny" width="72"')
    expect(html).toContain('alt="clean 3"')
    expect(html).toMatch(/<img class="tiny kept"[^>]* alt="copy, kept"><\/td>/)
    expect(html).toMatch(
      /<img class="tiny hallucinated"[^>]* alt="copy, hallucinated"><small>as 8<\/small><\/td><td><\/td>/,
    )
    expect(html).toContain('<span class="kept">kept: classified correctly</span>')
    expect(grid([{ png, alt: 'clean' }])).not.toContain('classified correctly')
  })

  it.each([
    [8, 'class="tiny" width="72"'],
    [28, 'class="tiny" width="84"'],
    [32, 'class="tiny" width="64"'],
    [64, 'class="tiny" width="64"'],
    [100, 'class="" width="100"'],
    [224, 'class="" width="144"'],
  ])('shows an image of %i pixels at a size to see it', (pixels, expected) => {
    const bytes = Buffer.from(png, 'base64')
    bytes.writeUInt32BE(pixels, 16)
    expect(grid([{ png: bytes.toString('base64'), alt: 'x' }])).toContain(expected)
  })

  it.each<[string, () => string, RegExp]>([
    [
      'an image that is not base64',
      () => grid([{ png: `${png}" onerror="x`, alt: '' }]),
      /must be a PNG file/,
    ],
    [
      'an image in a data URI',
      () => grid([{ png: `data:image/png;base64,${png}`, alt: '' }]),
      /must be a PNG file/,
    ],
    [
      'a JPEG',
      () => grid([{ png: Buffer.alloc(40, 0xff).toString('base64'), alt: '' }]),
      /must be a PNG file/,
    ],
    ['no image', () => grid([{ png: '', alt: '' }]), /must be a PNG file/],
    [
      'a chart that is not an SVG',
      () => page({ kind: 'charts', charts: [{ svg: '<html>', caption: '', alt: '' }] }),
      /must be an SVG/,
    ],
    [
      'a row with an image too few',
      () =>
        page({
          kind: 'imageGrid',
          grid: { caption: '', columnLabels: ['a'], rows: [{ label: 'b', images: [] }] },
        }),
      /row "b" .* must have 1 images, got 0/,
    ],
    [
      'a table with a cell too few',
      () => page({ kind: 'table', table: { ...table, rows: [['x']] } }),
      /must have 2 cells, got 1/,
    ],
  ])('refuses %s', (_what, render, message) => {
    expect(render).toThrow(ConfigError)
    expect(render).toThrow(message)
  })
})
