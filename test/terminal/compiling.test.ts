import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { certificationProgress } from '../../src/terminal/certification-progress'
import { compilingPhase } from '../../src/terminal/compiling'
import { trainingProgress } from '../../src/terminal/training-progress'
import { type PretendedStream, pretendStream, screenOf } from '../support/terminal'

describe('compilingPhase', () => {
  it('says once that it begins, how long it took where that was long, and how long in all', () => {
    let now = 0
    const printed: string[] = []
    const phase = compilingPhase(line => printed.push(line), { now: () => now })
    expect(phase.line()).toBeUndefined()
    phase.onCompiling(true)
    now = 45_000
    expect(phase.line()).toBe('compiling networks … 45 s')
    phase.onCompiling(false)
    expect(phase.line()).toBeUndefined()
    now = 60_000
    phase.onCompiling(true)
    now = 60_200
    phase.onCompiling(false)
    phase.onCompiling(true)
    now = 70_000
    expect(phase.spentMs()).toBe(45_000 + 200 + 9_800)
    expect(printed).toEqual(['compiling networks, which takes a while', 'compiled in 45 s'])
  })
})

describe('compiling is its own phase', () => {
  let stderr: PretendedStream | undefined
  beforeEach(() => {
    vi.spyOn(console, 'error').mockImplementation(() => undefined)
  })
  afterEach(() => {
    vi.restoreAllMocks()
    stderr?.restore()
  })

  it('in the line of a certification, whose speed does not count it', async () => {
    let now = 0
    vi.spyOn(performance, 'now').mockImplementation(() => now)
    stderr = pretendStream('stderr', { isTTY: true, columns: 80 })
    const watcher = certificationProgress({ radii: [0], copiesPerImage: 100 })
    watcher.onStart?.(10)
    watcher.onCopies?.(25, 100)
    watcher.onCompiling?.(true)
    now = 100_000
    watcher.onCompiling?.(false)
    now = 100_500
    watcher.onCopies?.(50, 100)
    watcher.onEnd?.()
    expect(await screenOf(stderr.written())).toEqual([
      'compiling networks, which takes a while',
      'compiled in 1 min 40 s',
      'image 0/10 · 50 of 100 copies · about 20 s in all',
      '',
    ])
  })

  it('in the line of a run, before its first update', async () => {
    stderr = pretendStream('stderr', { isTTY: true, columns: 80 })
    const watcher = trainingProgress()
    await watcher.onStart?.({
      plan: { epochs: 1 },
      stepsDone: 0,
      objective: { metrics: {}, evaluation: { metrics: {} } },
    } as never)
    watcher.onCompiling?.(true)
    await expect
      .poll(async () => (await screenOf(stderr?.written() ?? '')).join('|'))
      .toContain('compiling networks … 0 s')
    await watcher.onEnd?.('finished')
  })
})
