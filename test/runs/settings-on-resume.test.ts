import { describe, expect, it } from 'vitest'
import { ConfigError, parseConfig, presets } from '../../src'
import type { DataConfig } from '../../src/config/schema'
import type { Checkpoint } from '../../src/runs/checkpoint'
import { requireSameRun } from '../../src/runs/resume'

describe('on resume, a setting of the data', () => {
  const run = parseConfig({
    ...presets.digits({ sigma: 0.5, output: 'runs/a' }),
    data: { source: 'folder', path: 'images', maxMegapixels: 100 },
  })
  const resumedWith = (data: Partial<Extract<DataConfig, { source: 'folder' }>>) => () =>
    requireSameRun({ folder: 'runs/a', state: { config: run } } as unknown as Checkpoint, {
      ...run,
      data: { ...run.data, ...data } as DataConfig,
    })

  it.each([
    { path: 'elsewhere' },
    { workers: 0 },
    { maxMegapixels: 200 },
    { maxMegabytes: 400 },
    { classes: ['a', 'b'] },
  ])('may change where it changes no image: %o', data => {
    expect(resumedWith(data)).not.toThrow()
  })

  it.each([
    { imageSize: 32 },
    { resizeSize: 300 },
    { channels: 1 as const },
    { augment: false },
    { onCorrupt: 'skip' as const },
  ])('may not where it changes what is trained on: %o', data => {
    expect(resumedWith(data)).toThrow(ConfigError)
  })
})
