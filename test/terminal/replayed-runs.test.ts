import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { PACKAGE_FOLDER } from '../../src/files/package-folder'
import { shortRun } from '../support/short-run'
import { runOnTerminal, Screen } from '../support/terminal'
import { TYPESCRIPT } from '../support/typescript'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

const ROWS = 24
const LIVE = /^epoch \d\/2 · step \d+\/20 · /

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ft-cadis-replayed-'))
})
afterAll(() => rm(folder, { recursive: true }))

/** A run of 20 updates that writes a JSON line for each to the terminal, beside what it shows by itself. */
function trainOnTerminal(name: string, overrides: object, keys: { type?: string; env?: NodeJS.ProcessEnv }) {
  const program = join(PACKAGE_FOLDER, 'test/support/short-run.ts')
  const words = [program, join(folder, name), JSON.stringify(overrides)]
  return runOnTerminal([process.execPath, ...TYPESCRIPT, ...words], keys)
}

const { optimisation } = shortRun('runs/none')

describe.each([
  {
    end: 'that ends',
    overrides: {},
    keys: {},
    exitCode: 0,
    last: [/^finished after step 20\/20, /, /^\{"checkpoint":".*epoch-02"\}$/],
    updates: 20,
  },
  {
    end: 'that Ctrl-C stops',
    overrides: {},
    keys: { type: '\u0003', env: { PAUSE_AT: '12' } },
    exitCode: 130,
    last: [/^interrupted after step \d+\/20, /, /^The run .*$/],
    updates: 12,
  },
  {
    end: 'that fails',
    overrides: { optimisation: { ...optimisation, learningRate: 1e30 } },
    keys: {},
    exitCode: 1,
    last: [/^failed after step \d+\/20, /, /^error: Update 5 has the loss NaN .*$/],
    updates: 4,
  },
])('a run $end, on a terminal of 80 columns', ({ end, overrides, keys, exitCode, last, updates }) => {
  let run: Awaited<ReturnType<typeof runOnTerminal>>
  beforeAll(async () => {
    run = await trainOnTerminal(end.replaceAll(' ', '-'), overrides, keys)
  })

  it.each([
    ['at its top', 0],
    ['at its bottom', ROWS - 1],
  ])('writes over none of its lines where the cursor was %s', async (_where, above) => {
    expect(run.exitCode, run.bytes).toBe(exitCode)
    const screen = new Screen({ columns: 80, rows: ROWS })
    await screen.write('\n'.repeat(above))
    await screen.write(run.bytes)
    // The terminal itself shows ^C, wherever the cursor is.
    const lines = screen
      .lines()
      .slice(above)
      .map(line => line.replace('^C', ''))
    expect(lines.pop()).toBe('')
    expect(screen.isEmptyBelow).toBe(true)

    expect(lines.slice(-last.length)).toEqual(last.map(line => expect.stringMatching(line)))
    const live = lines.filter(line => LIVE.test(line))
    expect(live).toEqual([lines.at(-last.length - 1)])
    const steps = lines.flatMap(line => (line.startsWith('{"step":') ? [JSON.parse(line).step] : []))
    expect(steps.length).toBeGreaterThanOrEqual(updates)
    expect(steps).toEqual(steps.map((_, position) => position + 1))
    // Nothing else, and nothing torn.
    const known = /^(\{.*\}|epoch \d\/2: .* on test images|step \d+: not taken, .*|SIGINT: .*|)$/
    expect(lines.slice(0, -last.length - 1).filter(line => !known.test(line))).toEqual([])
  })
})
