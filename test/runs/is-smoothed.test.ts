import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { isSmoothed } from '../../src/runs/smoothed-of-folder'

it('knows runs, checkpoints and folders with smoothed.json from images and their folders', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ft-cadis-is-smoothed-'))
  try {
    const at = (...names: string[]) => join(folder, ...names)
    for (const path of ['run/checkpoints/epoch-01', 'ensemble/members/0', 'copied', 'photos/cat']) {
      await mkdir(at(path), { recursive: true })
    }
    for (const path of ['copied/smoothed.json', 'photos/cat/1.png', 'checkpoints'])
      await writeFile(at(path), '')
    for (const path of ['run', 'run/checkpoints/epoch-01', 'ensemble', 'copied', 'copied/smoothed.json']) {
      expect([path, await isSmoothed(at(path))]).toEqual([path, true])
    }
    for (const path of [
      'photos',
      'photos/cat',
      'photos/cat/1.png',
      'nowhere',
      'nowhere/smoothed.json',
      '.',
    ]) {
      expect([path, await isSmoothed(at(path))]).toEqual([path, false])
    }
  } finally {
    await rm(folder, { recursive: true })
  }
})
