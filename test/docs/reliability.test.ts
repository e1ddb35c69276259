import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { PACKAGE_FOLDER } from '../../src/files/package-folder'

const page = readFileSync(join(PACKAGE_FOLDER, 'docs', 'reliability.md'), 'utf8')

/** The rows of the tables, by their cells. */
const rows = page
  .split('\n')
  .filter(line => /^\| (?!---)/.test(line))
  .map(line => line.split('|').slice(1, -1))
  .map(cells => cells.map(cell => cell.trim()))
  .filter(cells => cells.at(-1) !== 'test')

/** What a cell names, as `[file, beginning of a title]`. */
function testsIn(cell: string): [file: string, title: string][] {
  return cell.split(/; (?=`)/).flatMap(part => {
    const [, name = '', titles = ''] = /^`([\w/-]+)`: (.+)$/.exec(part) ?? []
    const file = join('test', name.startsWith('python/') ? `${name}.py` : `${name}.test.ts`)
    return [...titles.matchAll(/\*([^*]+)\*/g)].map(([, title = '']): [string, string] => [file, title])
  })
}

/** What is wrong with a test that is named: undefined if a test of the file has a title that begins so. */
function problemOf([file, title]: readonly [string, string]): string | undefined {
  const path = join(PACKAGE_FOLDER, file)
  if (!existsSync(path)) return `${file} does not exist`
  const text = readFileSync(path, 'utf8')
  const begins = file.endsWith('.py') ? [`def ${title}(`] : ["'", '"', '`'].map(quote => `${quote}${title}`)
  return begins.some(beginning => text.includes(beginning)) ? undefined : `${file} has no test "${title}"`
}

test('a file or a title that does not exist is found', () => {
  const cell =
    '`files/lock`: *is held by one*, *no such title*; `docs/none`: *a*; `python/networks/test_lora`: *test_x*'
  expect(testsIn(cell).map(problemOf)).toEqual([
    undefined,
    'test/files/lock.test.ts has no test "no such title"',
    'test/docs/none.test.ts does not exist',
    'test/python/networks/test_lora.py has no test "test_x"',
  ])
})

test('every row of docs/reliability.md names tests that exist', () => {
  expect(rows.length).toBeGreaterThan(35)
  for (const cells of rows) {
    const named = testsIn(cells.at(-1) ?? '')
    expect(named.length, cells[0]).toBeGreaterThan(0)
    expect(named.map(problemOf).filter(problem => problem !== undefined)).toEqual([])
  }
})
