import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ConfigError } from '../../src/errors'
import { openToAppend, openToChange } from '../../src/files/regular-file'
import { recoverReplaced, replaceFolder, writeDurably, writeNew, writeWhole } from '../../src/files/write'

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

it('a folder is put in place of another one, or of none', async () => {
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

describe.each([
  ['at once', writeWhole],
  ['durably', writeDurably],
])('a file that is written %s', (_how, write) => {
  it('takes the place of another one, keeps its permissions, and leaves nothing beside it', async () => {
    const path = join(parent, 'x'.repeat(255))
    await write(path, 'one')
    expect((await stat(path)).mode & 0o777).toBe(0o666 & ~process.umask())
    await chmod(path, 0o606)
    await write(path, 'two')
    expect(await readFile(path, 'utf8')).toBe('two')
    expect((await stat(path)).mode & 0o777).toBe(0o606)
    expect(await readdir(parent)).toEqual(['x'.repeat(255)])
  })

  it('leaves nothing beside it where it cannot be written', async () => {
    await expect(write(join(parent, 'y'.repeat(300)), 'one')).rejects.toThrow('ENAMETOOLONG')
    await expect(write(join(parent, 'a'), undefined as unknown as string)).rejects.toThrow(TypeError)
    expect(await readdir(parent)).toEqual([])
  })
})

describe('what is not a file stays as it is', () => {
  const writers = [writeWhole, writeDurably, openToAppend, openToChange] as const

  it.each<[string, (path: string) => Promise<unknown>, RegExp]>([
    [
      'a link to a file',
      path => symlink('outside', path),
      /it is a symbolic link to outside, expected a file/,
    ],
    ['a link to nothing', path => symlink('nothing', path), /it is a symbolic link to nothing, expected/],
    ['a folder', path => mkdir(path), /it is a folder, expected a file/],
    ['a named pipe', path => execa('mkfifo', [path]), /it is a named pipe, expected a file/],
  ])('%s', async (_what, make, message) => {
    const path = join(parent, 'name')
    await writeFile(join(parent, 'outside'), 'mine')
    await make(path)
    const before = await lstat(path)
    for (const write of writers) {
      const written = write(path, 'theirs')
      await expect(written).rejects.toThrow(ConfigError)
      await expect(written).rejects.toThrow(message)
    }
    await expect(writeNew(path, 'theirs')).rejects.toThrow('EEXIST')
    expect((await lstat(path)).ino).toBe(before.ino)
    expect(await readFile(join(parent, 'outside'), 'utf8')).toBe('mine')
    expect((await readdir(parent)).sort()).toEqual(['name', 'outside'])
  })

  it('a device', async context => {
    // One of its own: where this check fails, a device is replaced, and that of the machine must not be.
    const path = join(parent, 'device')
    const { failed } = await execa('mknod', [path, 'c', '1', '3'], { reject: false })
    if (failed) return context.skip('making a device needs root')
    const before = await lstat(path)
    for (const write of writers) {
      await expect(write(path, 'x')).rejects.toThrow(
        /device cannot be written: it is a device, expected a file/,
      )
    }
    expect(await lstat(path)).toMatchObject({ rdev: before.rdev, ino: before.ino })
  })
})

const guessed = vi.hoisted(() => ({ name: undefined as string | undefined }))
vi.mock('node:crypto', async importOriginal => {
  const crypto = await importOriginal<typeof import('node:crypto')>()
  return { ...crypto, randomUUID: () => guessed.name ?? crypto.randomUUID() }
})

it('a link at the name of a temporary file is not followed, were it guessed', async () => {
  await writeFile(join(parent, 'outside'), 'mine')
  guessed.name = 'guessed'
  try {
    await symlink('outside', join(parent, '.ft-cadis-guessed.tmp'))
    for (const write of [writeWhole, writeDurably]) {
      await expect(write(join(parent, 'page'), 'theirs')).rejects.toThrow('EEXIST')
    }
  } finally {
    guessed.name = undefined
  }
  expect(await readFile(join(parent, 'outside'), 'utf8')).toBe('mine')
  expect((await readdir(parent)).sort()).toEqual(['.ft-cadis-guessed.tmp', 'outside'])
})
