import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { liveLine } from '../../src/terminal/live-line'
import { type PretendedStream, pretendStream, screenOf } from '../support/terminal'

const DRAWN = 250

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

  it('is drawn over itself, for the width of the moment', () => {
    const line = liveLine()
    line.show(columns => `${columns} columns, long`)
    vi.advanceTimersByTime(DRAWN)
    Object.assign(process.stderr, { columns: 9 })
    line.show(columns => `${columns}`)
    vi.advanceTimersByTime(DRAWN)
    expect(screenOf(terminal.written())).toEqual(['8'])
    line.stop()
    expect(screenOf(terminal.written())).toEqual(['8', ''])
  })

  it('stays below what others write meanwhile, and waits while they are within a line', () => {
    const write = process.stderr.write
    const line = liveLine()
    line.show(() => 'live and long')
    vi.advanceTimersByTime(DRAWN)
    process.stderr.write('first\n')
    expect(screenOf(terminal.written())).toEqual(['first', 'live and long'])
    process.stderr.write('a ')
    vi.advanceTimersByTime(DRAWN)
    expect(screenOf(terminal.written())).toEqual(['first', 'a '])
    process.stderr.write('whole line\n')
    line.print('printed')
    line.stop()
    process.stderr.write('after\n')
    const screen = ['first', 'a whole line', 'printed', 'live and long', 'after', '']
    expect(screenOf(terminal.written())).toEqual(screen)
    expect(process.stderr.write).toBe(write)
    vi.advanceTimersByTime(DRAWN)
    expect(screenOf(terminal.written())).toEqual(screen)
  })

  it.each([true, false])('makes way for stdout where that is a terminal too: %s', isTTY => {
    const stdout = pretendStream('stdout', { isTTY })
    try {
      const line = liveLine()
      line.show(() => 'live')
      vi.advanceTimersByTime(DRAWN)
      const before = terminal.written().length
      process.stdout.write('a result\n')
      line.stop()
      expect(stdout.written()).toBe('a result\n')
      // Erased and drawn around the write; and drawn once more at the end.
      expect(terminal.written().slice(before).match(/live/g)).toHaveLength(isTTY ? 2 : 1)
    } finally {
      stdout.restore()
    }
  })
})
