import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ConfigError, DataError } from '../../src/errors'
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
    const held = await lockLog(log)
    const second = lockLog(log)
    await expect(second).rejects.toThrow(ConfigError)
    await expect(second).rejects.toThrow(new RegExp(`is being written by process ${process.pid} on `))
    expect(await isLocked(`${log}.lock`)).toBe(true)
    await held.release()
    expect(await isLocked(`${log}.lock`)).toBe(false)
    await held.release()
    await (await lockLog(log)).release()
    expect(await readdir(folder)).toEqual([])
  })

  it('is taken over from another machine of the same launch, and of no other', async () => {
    vi.stubEnv('TORCHELASTIC_RUN_ID', 'job-7')
    try {
      await hold({ pid: 1, host: 'elsewhere', launch: 'job-6' })
      await expect(lockLog(log)).rejects.toThrow(/written by process 1 on elsewhere/)
      await hold({ pid: 1, host: 'elsewhere', launch: 'job-7' })
      const then = new Date(Date.now() - 29_900)
      await utimes(`${log}.lock`, then, then)
      await (await lockLog(log)).release()
    } finally {
      vi.unstubAllEnvs()
    }
  })

  it('is refused where a launch of the same name lives on another machine', async () => {
    vi.stubEnv('TORCHELASTIC_RUN_ID', 'job-7')
    const now = vi.spyOn(performance, 'now')
    try {
      await hold({ pid: 1, host: 'elsewhere', launch: 'job-7' })
      // The first look, then one when the launch has been waited for.
      now.mockReturnValueOnce(0).mockReturnValueOnce(0).mockReturnValue(30_000)
      await expect(lockLog(log)).rejects.toThrow(/written by process 1 on elsewhere/)
    } finally {
      now.mockRestore()
      vi.unstubAllEnvs()
    }
  })

  it('is lost when another process has taken it, which is noticed before the next write', async () => {
    const held = await lockLog(log)
    held.requireHeld()
    await rm(`${log}.lock`)
    expect(() => held.requireHeld()).toThrow(
      /no longer held by this process .*: nobody holds it\. Nothing more is written/,
    )
    const other = await lockLog(log)
    expect(() => held.requireHeld()).toThrow(DataError)
    expect(() => held.requireHeld()).toThrow(new RegExp(`it is held by process ${process.pid} on `))
    // Its own end leaves the lock of the other alone.
    await held.release()
    other.requireHeld()
    await other.release()
    expect(await readdir(folder)).toEqual([])
  })

  it.runIf(process.platform === 'linux')(
    'of a container with the same host name, whose processes cannot be seen, is respected while it is touched',
    async () => {
      const pid = await deadProcess()
      await hold({ pid, machine: 'boot pid:[1]' })
      await expect(lockLog(log)).rejects.toThrow(new RegExp(`written by process ${pid} on `))
      const then = new Date(Date.now() - 180_000)
      await utimes(`${log}.lock`, then, then)
      await (await lockLog(log)).release()
    },
  )

  it('of another machine is judged by the clock of the file system, however the own one is set', async () => {
    await hold({ pid: 1, host: 'elsewhere' })
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 600_000 })
    try {
      await expect(lockLog(log)).rejects.toThrow(/process 1 on elsewhere/)
    } finally {
      vi.useRealTimers()
    }
  })

  it.runIf(process.platform === 'linux')('is taken over from a process of another user', async () => {
    const kill = vi.spyOn(process, 'kill').mockImplementation(() => {
      throw Object.assign(new Error('kill EPERM'), { code: 'EPERM' })
    })
    try {
      await hold({ pid: process.ppid, startTicks: '1' })
      await (await lockLog(log)).release()
    } finally {
      kill.mockRestore()
    }
  })

  it('is touched while it is held, and never the one of another', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    try {
      const held = await lockLog(log)
      const then = new Date(Date.now() - 100_000)
      await utimes(`${log}.lock`, then, then)
      vi.advanceTimersByTime(20_000)
      await vi.waitFor(async () =>
        expect((await stat(`${log}.lock`)).mtimeMs).toBeGreaterThan(then.getTime()),
      )
      await rm(`${log}.lock`)
      await hold({ pid: 1, host: 'elsewhere' })
      await utimes(`${log}.lock`, then, then)
      vi.advanceTimersByTime(20_000)
      await sleep(50)
      expect((await stat(`${log}.lock`)).mtimeMs).toBeCloseTo(then.getTime(), 0)
      await held.release()
    } finally {
      vi.useRealTimers()
    }
  })

  it('is refused where what has its name is not a file that can be read, and nothing waits for a pipe', async () => {
    const path = `${log}.lock`
    execFileSync('mkfifo', [path])
    for (const attempt of [() => lockLog(log), () => isLocked(path)]) {
      await expect(attempt()).rejects.toThrow(DataError)
      await expect(attempt()).rejects.toThrow(
        /certify\.tsv\.lock is not a regular file.* Delete it if no other process/,
      )
    }
    await rm(path)
    await mkdir(path)
    await expect(lockLog(log)).rejects.toThrow(/certify\.tsv\.lock is a folder/)
    await rm(path, { recursive: true })
    await writeFile(path, ' '.repeat(200_000))
    await expect(isLocked(path)).rejects.toThrow(/has 0\.2 MB/)
    await rm(path)
    const held = await lockLog(log)
    await rm(path)
    execFileSync('mkfifo', [path])
    expect(() => held.requireHeld()).toThrow(/it is held by a process that its lock does not name/)
    await held.release()
  })

  it('is taken over from a process that is gone', async () => {
    await hold({ pid: await deadProcess() })
    const held = await lockLog(log)
    expect(JSON.parse(await readFile(`${log}.lock`, 'utf8'))).toMatchObject({ pid: process.pid })
    await held.release()
    expect(await readdir(folder)).toEqual([])
  })

  it.runIf(process.platform === 'linux')(
    'is taken over from a process whose number is another one’s now',
    async () => {
      await hold({ pid: process.pid, startTicks: '1' })
      await (await lockLog(log)).release()
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
    await (await lockLog(log)).release()
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
