import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ConfigError } from '../../src/errors'
import { isLocked, lock } from '../../src/files/lock'

let folder: string
let log: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ft-cadis-lock-'))
  log = join(folder, 'certify.tsv')
})
afterEach(() => rm(folder, { recursive: true }))

const hold = (holder: object) =>
  writeFile(`${log}.lock`, JSON.stringify({ host: hostname(), since: 'then', startTicks: null, ...holder }))

/** A process number that was some process's and is nobody's now. */
async function deadProcess(): Promise<number> {
  const child = spawn('true')
  await once(child, 'exit')
  return child.pid as number
}

const lockLog = (path: string) => lock(`${path}.lock`, `log ${path}`)

describe('lock', () => {
  it('is held by one, named with its process, until it is given back', async () => {
    const unlock = await lockLog(log)
    const second = lockLog(log)
    await expect(second).rejects.toThrow(ConfigError)
    await expect(second).rejects.toThrow(new RegExp(`is being written by process ${process.pid} on `))
    expect(await isLocked(`${log}.lock`)).toBe(true)
    await unlock()
    expect(await isLocked(`${log}.lock`)).toBe(false)
    await unlock()
    await (await lockLog(log))()
    expect(await readdir(folder)).toEqual([])
  })

  it('is taken over from another machine of the same launch, and of no other', async () => {
    vi.stubEnv('TORCHELASTIC_RUN_ID', 'job-7')
    try {
      await hold({ pid: 1, host: 'elsewhere', launch: 'job-6' })
      await expect(lockLog(log)).rejects.toThrow(/written by process 1 on elsewhere/)
      await hold({ pid: 1, host: 'elsewhere', launch: 'job-7' })
      await (await lockLog(log))()
    } finally {
      vi.unstubAllEnvs()
    }
  })

  it('is taken over from a process that is gone', async () => {
    await hold({ pid: await deadProcess() })
    const unlock = await lockLog(log)
    expect(JSON.parse(await readFile(`${log}.lock`, 'utf8'))).toMatchObject({ pid: process.pid })
    await unlock()
    expect(await readdir(folder)).toEqual([])
  })

  it.runIf(process.platform === 'linux')(
    'is taken over from a process whose number is another one’s now',
    async () => {
      await hold({ pid: process.pid, startTicks: '1' })
      await (await lockLog(log))()
    },
  )

  it('is taken over by one of many that find it at once', async () => {
    await hold({ pid: await deadProcess() })
    const locks = await Promise.allSettled(Array.from({ length: 20 }, () => lockLog(log)))
    expect(locks.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect(await readdir(folder)).toEqual(['certify.tsv.lock'])
  })

  it('is taken over from another machine that has not touched it for minutes', async () => {
    await hold({ pid: 1, host: 'elsewhere' })
    const then = new Date(Date.now() - 180_000)
    await utimes(`${log}.lock`, then, then)
    await (await lockLog(log))()
  })

  it.each([
    ['another machine', { pid: 1, host: 'elsewhere' }, /process 1 on elsewhere, since then/],
    ['nobody that it names', { pid: 'x' }, /a process that its lock does not name/],
  ])('of %s is respected, with what to delete', async (_whose, holder, message) => {
    await hold(holder)
    await expect(lockLog(log)).rejects.toThrow(message)
    await expect(lockLog(log)).rejects.toThrow(/delete .*certify\.tsv\.lock if that process is gone/)
  })
})
