import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type LiveLine, liveLine } from '../../src/terminal/live-line'
import { type PretendedStream, pretendStream, Screen, screenOf } from '../support/terminal'

const DRAWN = 250

/** What draws is loaded when a line begins. */
async function loadedLine(): Promise<LiveLine> {
  const line = liveLine()
  await vi.dynamicImportSettled()
  return line
}

describe('a live line', () => {
  let terminal: PretendedStream
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    terminal = pretendStream('stderr', { isTTY: true, columns: 20 })
  })
  afterEach(() => {
    terminal.restore()
    vi.useRealTimers()
  })

  it('is drawn over itself, for the width of the moment', async () => {
    const line = await loadedLine()
    line.show(columns => `${columns} columns, long`)
    vi.advanceTimersByTime(DRAWN)
    Object.assign(process.stderr, { columns: 9 })
    line.show(columns => `${columns}`)
    vi.advanceTimersByTime(DRAWN)
    expect(await screenOf(terminal.written())).toEqual(['8', ''])
    line.stop()
    expect(await screenOf(terminal.written())).toEqual(['8', ''])
  })

  it('is drawn on a terminal that says no size', async () => {
    Object.assign(process.stderr, { columns: 0, rows: 0 })
    const line = await loadedLine()
    line.show(columns => `${columns} columns`)
    vi.advanceTimersByTime(DRAWN)
    expect(await screenOf(terminal.written())).toEqual(['79 columns', ''])
    line.stop()
  })

  it('stays below what others write meanwhile, and waits while they are within a line', async () => {
    const write = process.stderr.write
    const line = await loadedLine()
    line.show(() => 'live and long')
    vi.advanceTimersByTime(DRAWN)
    process.stderr.write('first\n')
    expect(await screenOf(terminal.written())).toEqual(['first', 'live and long', ''])
    process.stderr.write('a ')
    vi.advanceTimersByTime(DRAWN)
    expect(await screenOf(terminal.written())).toEqual(['first', 'a'])
    process.stderr.write('whole line\n')
    line.print('printed')
    line.stop()
    process.stderr.write('after\n')
    const screen = ['first', 'a whole line', 'printed', 'live and long', 'after', '']
    expect(await screenOf(terminal.written())).toEqual(screen)
    expect(process.stderr.write).toBe(write)
    vi.advanceTimersByTime(DRAWN)
    expect(await screenOf(terminal.written())).toEqual(screen)
  })

  it.each([true, false])('makes way for stdout where that is a terminal too: %s', async isTTY => {
    const stdout = pretendStream('stdout', { isTTY })
    try {
      const line = await loadedLine()
      line.show(() => 'live')
      vi.advanceTimersByTime(DRAWN)
      const before = terminal.written().length
      process.stdout.write('a result\n')
      line.stop()
      expect(stdout.written()).toBe('a result\n')
      // Erased and drawn around the write.
      expect(terminal.written().slice(before).match(/live/g) ?? []).toHaveLength(isTTY ? 1 : 0)
    } finally {
      stdout.restore()
    }
  })

  it('longer than the terminal takes several rows, and leaves none of them behind', async () => {
    const line = await loadedLine()
    line.show(() => '漢字'.repeat(9))
    vi.advanceTimersByTime(DRAWN)
    line.print('printed')
    line.show(() => 'short')
    vi.advanceTimersByTime(DRAWN)
    expect(await screenOf(terminal.written(), { columns: 20 })).toEqual(['printed', 'short', ''])
    line.stop()
  })

  it.each([12, 40])(
    'keeps what was printed above it when the terminal becomes %i columns wide',
    async columns => {
      const screen = new Screen({ columns: 20 })
      const line = await loadedLine()
      line.show(width => `${'='.repeat(width)}`)
      line.print('first printed')
      vi.advanceTimersByTime(DRAWN)
      const before = terminal.written()
      await screen.write(before)
      Object.assign(process.stderr, { columns })
      screen.resize({ columns })
      vi.advanceTimersByTime(DRAWN)
      line.print('then printed')
      line.stop()
      await screen.write(terminal.written().slice(before.length))
      expect(screen.lines().join('')).toMatch(/^first printed=*then printed=+$/)
      expect(screen.lines().slice(-2)).toEqual(['='.repeat(columns - 1), ''])
    },
  )

  it('shows what would steer the terminal as escapes', async () => {
    const line = await loadedLine()
    line.show(() => 'a\u001b[2Jb\nc')
    line.print('name \u001b]0;title\u0007 \u202e\nerror: none')
    line.stop()
    expect(await screenOf(terminal.written(), { columns: 60 })).toEqual([
      'name \\x1b]0;title\\x07 \\u202e',
      '  error: none',
      'a\\x1b[2Jb\\nc',
      '',
    ])
  })

  it('that is cleared leaves nothing', async () => {
    const line = await loadedLine()
    line.show(() => 'loading')
    vi.advanceTimersByTime(DRAWN)
    line.clear()
    expect(await screenOf(terminal.written())).toEqual([''])
  })
})
