import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest'
import { renderTable } from '../../src/analysis'
import { PACKAGE_FOLDER } from '../../src/files/package-folder'
import { visibleLine, visibleMessage, visibleText } from '../../src/files/visible-text'
import { formatRow, LOG_HEADER } from '../../src/logs/certification-log'
import { loggedRow } from '../support/logged-row'
import { rows, writeRun } from '../support/run-folders'
import { runWithoutPython } from '../support/run-without-python'
import { linesThat } from '../support/source-lines'
import { runOnTerminal } from '../support/terminal'
import { TYPESCRIPT } from '../support/typescript'

/** Sets the title of the window, clears the screen, turns the direction of text, begins its own line. */
const HOSTILE = '\u001b]0;title\u0007\u001b[2J\u009b31m\u202ename\u2066\nerror: forged'

/** Characters that steer a terminal, but for the end of a line. */
const STEERING = /(?!\n)[\p{Cc}\u2028-\u202e\u2066-\u2069]/u

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ft-cadis-terminal-'))
  await writeRun(join(folder, 'runs', HOSTILE), {
    rows: rows(4),
    state: { state: 'failed', message: HOSTILE },
  })
  await writeRun(join(folder, 'runs', `broken-${HOSTILE}`), { rows: [{ kind: HOSTILE }] })
  const log = [0, 1].map(index => formatRow(loggedRow({ index, label: index })))
  await writeFile(join(folder, `${HOSTILE}.tsv`), `${[LOG_HEADER, ...log].join('\n')}\n`)
})
afterAll(() => rm(folder, { recursive: true }))

describe('names and messages do not steer the terminal', () => {
  it.each([
    ['runs', ['runs', 'runs']],
    ['analyze', ['analyze', `${HOSTILE}.tsv`]],
    ['analyze, of a log that is missing', ['analyze', `missing-${HOSTILE}`]],
    ['experiment', ['experiment', HOSTILE]],
    ['certify', ['certify', HOSTILE]],
    ['export', ['export', HOSTILE, '--merge', 'x']],
    ['init', ['init', `runs/${HOSTILE}/config.json`]],
    ['an unknown command', [HOSTILE]],
    ['an unknown option', ['runs', `--${HOSTILE}`]],
    ['an unknown value', ['analyze', 'x', '--format', HOSTILE]],
  ])('in %s', async (_name, words) => {
    const { stdout, stderr } = await runWithoutPython(folder, ...words)
    expect(stdout + stderr).toContain('title')
    expect(stdout + stderr).not.toMatch(STEERING)
    expect(stderr).not.toMatch(/^error: forged/m)
    expect(stdout).not.toMatch(/^error: forged/m)
  })

  it('in report, on a terminal', async () => {
    const main = join(PACKAGE_FOLDER, 'src/cli/main.ts')
    const words = ['report', join(folder, 'runs', HOSTILE)]
    const { bytes } = await runOnTerminal([process.execPath, ...TYPESCRIPT, main, ...words])
    expect(bytes).toMatch(/^[^\n]*title.*\\n\S*.*report\.html\r\n$/)
    expect(bytes.replaceAll('\r\n', '\n')).not.toMatch(STEERING)
  })

  it('but programs read them as they are', async () => {
    const { stdout } = await runWithoutPython(folder, 'runs', 'runs', '--json')
    const names = (JSON.parse(stdout) as { folder: string }[]).map(run => run.folder)
    expect(names).toContain(join('runs', HOSTILE))
  })
})

test('text of any characters is shown without one that steers', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), text => {
      expect(visibleText(text).replace(/[\n\t]/g, '')).not.toMatch(STEERING)
      expect(visibleLine(text)).not.toMatch(/\p{Cc}/u)
      for (const line of visibleMessage(text).split('\n').slice(1)) expect(line).toMatch(/^(\s|$)/)
    }),
  )
  expect(visibleText('für Ελένη, 漢字, 👩‍🔬, می‌خواهم\tσ\r\n')).toBe('für Ελένη, 漢字, 👩‍🔬, می‌خواهم\tσ\n')
})

test('a table keeps a row a row', () => {
  const table = { caption: 'A', columns: [{ header: 'run' }], rows: [[HOSTILE]] }
  const lines = renderTable(table, 'terminal').split('\n')
  expect(lines).toHaveLength(6)
  expect(lines.join('')).not.toMatch(STEERING)
})

test('nothing is written to a terminal but in two files', () => {
  // A line of a docstring shows what a user's script writes.
  const writes = /^(?!\s*\*).*(console\.\w+\(|(stdout|stderr)\.write\()/
  const files = linesThat(writes, 'src', '.ts').map(line => line.split(': ')[0])
  // What `ft-cadis init` writes is the script of its user.
  expect([...new Set(files)].sort()).toEqual([
    'src/cli/init/templates.ts',
    'src/terminal/live-line.ts',
    'src/terminal/print.ts',
  ])
})
