import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { RunFolder } from '../../src/runs/run-folder'

let root: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'ft-cadis-run-folder-'))
})
afterEach(() => rm(root, { recursive: true }))

it('a run that is replaced takes its own parts alone with it, and nothing that a link leads to', async () => {
  const [run, elsewhere] = [join(root, 'run'), join(root, 'elsewhere')]
  for (const folder of [join(run, 'samples'), elsewhere]) await mkdir(folder, { recursive: true })
  await writeFile(join(run, 'notes.txt'), 'mine')
  await writeFile(join(run, 'certify-a.tsv'), 'mine')
  await writeFile(join(elsewhere, 'weights'), 'mine')
  await symlink(elsewhere, join(run, 'checkpoints'))

  const folder = await RunFolder.open(run)
  expect([...folder.earlier].sort()).toEqual(['checkpoints', 'samples'])
  await folder.begin({}, { metricsBytes: 0 })
  await folder.close()
  expect((await readdir(run)).sort()).toEqual(['certify-a.tsv', 'config.json', 'metrics.jsonl', 'notes.txt'])
  expect(await readFile(join(elsewhere, 'weights'), 'utf8')).toBe('mine')
})
