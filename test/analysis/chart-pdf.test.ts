import { inflateSync } from 'node:zlib'
import { expect, it } from 'vitest'
import { svgToPdf } from '../../src/analysis/chart/pdf'
import { certifiedAccuracyChart } from '../../src/analysis/plots'
import { rowsOf } from './rows'

it('draws a page of vectors in the size of the chart, with its font inside', async () => {
  const logs = [rowsOf([0, 0, 1], [0, 0, 0.5])]
  const svg = await certifiedAccuracyChart([{ label: 'ours, σ = 0.5', logs }], { width: 312, height: 240 })
  const pdf = await svgToPdf(svg)
  const text = pdf.toString('latin1')
  expect(text).toMatch(/^%PDF-/)
  // 3.25 in are 234 pt.
  expect(text).toContain('/MediaBox [0 0 234 180]')
  expect(text).toMatch(/\/FontName \/[A-Z]+\+DejaVuSans/)
  expect(text).toContain('/FontFile2')
  expect(text).not.toContain('/Subtype /Image')
  const [, content = ''] = /stream\r?\n([\s\S]*?)\r?\nendstream/.exec(text) ?? []
  const drawing = inflateSync(Buffer.from(content, 'latin1')).toString('latin1')
  expect(drawing).toMatch(/ l\n/)
  // The dark ink, and the colour of the line.
  const colors = [...drawing.matchAll(/^([\d. ]+) scn$/gim)].map(([, channels = '']) =>
    channels.split(' ').map(channel => Math.round(255 * Number(channel))),
  )
  expect(new Set(colors.map(String))).toEqual(new Set(['36,41,47', '0,114,178']))
  expect(await svgToPdf(svg)).toEqual(pdf)
})

it('refuses a drawing that says no size', async () => {
  await expect(svgToPdf('<svg></svg>')).rejects.toThrow(/says no size/)
})
