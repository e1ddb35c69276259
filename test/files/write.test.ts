import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { recoverReplaced, replaceFolder } from '../../src/files/write'

let parent: string
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'ft-cadis-write-'))
})
afterEach(() => rm(parent, { recursive: true }))

async function make(name: string, content: string): Promise<string> {
  await mkdir(join(parent, name))
  await writeFile(join(parent, name, 'file'), content)
  return join(parent, name)
}

const contentOf = (name: string) => readFile(join(parent, name, 'file'), 'utf8')

it('a folder is put in the place of another one, or of none', async () => {
  await replaceFolder(await make('.one', 'one'), join(parent, 'folder'))
  expect(await contentOf('folder')).toBe('one')
  await replaceFolder(await make('.two', 'two'), join(parent, 'folder'))
  expect(await contentOf('folder')).toBe('two')
  expect(await readdir(parent)).toEqual(['folder'])
})

it('a folder that a kill has left moved aside gets its name back, and not where the new one is there', async () => {
  await rename(await make('folder', 'old'), join(parent, '.replaced-folder'))
  await make('.folder.7.unfinished', 'new')
  await recoverReplaced(parent)
  expect(await contentOf('folder')).toBe('old')
  await make('.replaced-folder', 'older')
  await recoverReplaced(parent)
  expect(await contentOf('folder')).toBe('old')
  expect((await readdir(parent)).sort()).toEqual(['.folder.7.unfinished', 'folder'])
  await recoverReplaced(join(parent, 'none'))
})

it('a folder that a kill has left moved aside is recovered before it is replaced again', async () => {
  await rename(await make('folder', 'old'), join(parent, '.replaced-folder'))
  await expect(replaceFolder(join(parent, 'nothing finished'), join(parent, 'other'))).rejects.toThrow(
    /ENOENT/,
  )
  expect(await contentOf('folder')).toBe('old')
})
