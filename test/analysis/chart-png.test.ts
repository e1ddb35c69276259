import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { svgToPng } from '../../src/analysis/chart/png'
import { resolveInterpreter } from '../../src/environment/interpreter'

const SVG = (text: string) =>
  `<svg xmlns="http://www.w3.org/2000/svg" class="marks" color="#24292f" width="200" height="60">` +
  `<style>svg.marks { background: white } @media (prefers-color-scheme: dark) { svg.marks { color: white } }</style>` +
  `<text x="10" y="40" fill="currentColor" font-family="system-ui, sans-serif" font-size="24">${text}</text></svg>`

/** Width, height, the colour of the corner, and the darkest grey. */
const PYTHON = `
import sys; from PIL import Image
image = Image.open(sys.argv[1]).convert("RGB")
print(*image.size, *image.getpixel((0, 0)), image.convert("L").getextrema()[0])
`

it('draws dark text on white at twice the size, whatever fonts and colours the machine prefers', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ft-cadis-png-'))
  try {
    const file = join(folder, 'a.png')
    await writeFile(file, await svgToPng(SVG('radius 0.25')))
    const { path } = await resolveInterpreter()
    const { stdout } = await promisify(execFile)(path, ['-c', PYTHON, file])
    const [width, height, red, green, blue, darkest] = stdout.trim().split(' ').map(Number)
    expect([width, height, red, green, blue]).toEqual([400, 120, 255, 255, 255])
    expect(darkest).toBeLessThan(80)
    expect((await svgToPng(SVG(''))).length).toBeLessThan((await svgToPng(SVG('radius 0.25'))).length)
  } finally {
    await rm(folder, { recursive: true })
  }
})
