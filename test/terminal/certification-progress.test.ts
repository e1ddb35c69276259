import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { CertificationWatcher } from '../../src/logs/certification-watcher'
import { certificationLine, certificationProgress } from '../../src/terminal/certification-progress'
import { type PretendedStream, pretendStream, screenOf } from '../support/terminal'

/** A watcher sees a certification of 40 images that continues after the first ten. */
function watch(watcher: CertificationWatcher): void {
  watcher.onStart?.(40)
  for (let done = 1; done <= 40; done += 1) {
    const finding = { kind: 'certified', class: 1, radius: 0.5 } as const
    const row = {
      ...{ index: done, label: 1, prediction: 1, radius: 0.5, durationMs: 1 },
      correct: done % 2 === 0,
      finding,
    }
    watcher.onImage?.(done, { index: done, rows: [row], isNew: done > 10 })
    if (done === 20) watcher.onNote?.('the batch is halved')
  }
  watcher.onEnd?.()
}

describe('certificationProgress', () => {
  let stderr: PretendedStream | undefined
  let errors: string[]
  beforeEach(() => {
    errors = []
    vi.spyOn(console, 'error').mockImplementation(line => void errors.push(line))
  })
  afterEach(() => {
    vi.restoreAllMocks()
    stderr?.restore()
  })

  it('draws one line on a terminal, and keeps what is to be read', async () => {
    stderr = pretendStream('stderr', { isTTY: true, columns: 60 })
    watch(certificationProgress({ radii: [0] }))
    expect(await screenOf(stderr.written())).toEqual([
      'the batch is halved',
      'image 40/40 · 0 s left · ACR 0.250 · 50.0 % at r = 0',
      '',
    ])
    expect(errors).toEqual([])
  })

  it('writes a line for each twentieth of the new images without a terminal', () => {
    stderr = pretendStream('stderr', { isTTY: false })
    watch(certificationProgress({ radii: [0] }))
    const images = errors.map(line => / ?(image \d+\/40|the .*)/.exec(line)?.[1])
    const twentieths = (first: number, last: number) =>
      Array.from({ length: (last - first) / 2 + 1 }, (_, position) => `image ${first + 2 * position}/40`)
    expect(images).toEqual([
      ...twentieths(11, 19),
      'the batch is halved',
      ...twentieths(21, 39),
      'image 40/40',
    ])
    expect(stderr.written()).toBe('')
  })
})

describe('the line about a certification', () => {
  const figures = {
    done: 6,
    images: 20,
    timed: { elapsedMs: 4000, images: 2, copies: 0 },
    averageRadius: 0.4321,
    accuracies: [{ radius: 0.5, share: 0.25 }],
  }

  it('says how far it is, how long it takes, and what it is about to find', () => {
    expect(certificationLine(figures)).toBe(
      'image 6/20 · 28 s left · ACR 0.432 · 25.0 % at r = 0.5 · 0.500 images/s',
    )
    expect(certificationLine({ ...figures, timed: { elapsedMs: 4000, images: 0, copies: 0 } })).toMatch(
      /time left unknown/,
    )
  })

  it('is never longer than the terminal is wide', () => {
    for (let columns = 0; columns < 90; columns += 1) {
      expect(certificationLine(figures, columns).length).toBeLessThanOrEqual(columns)
    }
  })

  it('counts copies while the first image is in work, and estimates the whole by them', () => {
    const none = {
      ...figures,
      done: 0,
      timed: { elapsedMs: 4000, images: 0, copies: 12_300 },
      copies: { voted: 12_300, of: 100_100 },
      copiesPerImage: 100_100,
    }
    expect(certificationLine(none)).toBe('image 0/20 · 12,300 of 100,100 copies · about 10 min 51 s in all')
    expect(certificationLine({ ...none, copiesPerImage: undefined })).toBe(
      'image 0/20 · 12,300 of 100,100 copies · time left unknown',
    )
    expect(certificationLine({ ...figures, copies: { voted: 100, of: 1100 } })).toMatch(
      /^image 6\/20 · 100 of 1,100 copies · 28 s left · ACR/,
    )
  })
})

it('shows at once that no image is done, then its copies', async () => {
  const stderr = pretendStream('stderr', { isTTY: true, columns: 80 })
  try {
    const watcher = certificationProgress({ radii: [0], copiesPerImage: 1100 })
    watcher.onStart?.(40)
    await vi.dynamicImportSettled()
    process.stderr.write('\n')
    expect((await screenOf(stderr.written())).at(-2)).toBe('image 0/40 · time left unknown')
    watcher.onCopies?.(110, 1100)
    process.stderr.write('\n')
    // The first pass warms up, and tells no speed.
    expect((await screenOf(stderr.written())).at(-2)).toBe(
      'image 0/40 · 110 of 1,100 copies · time left unknown',
    )
    watcher.onCopies?.(220, 1100)
    process.stderr.write('\n')
    expect((await screenOf(stderr.written())).at(-2)).toMatch(
      /^image 0\/40 · 220 of 1,100 copies · about \d+ s in all$/,
    )
    watcher.onEnd?.()
  } finally {
    stderr.restore()
  }
})
