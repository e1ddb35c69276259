import { readFile } from 'node:fs/promises'
import { describe, expect, it, vi } from 'vitest'
import { connect, PythonExitError, type Session } from '../../src'
import { connectForTest } from './digits'
import { useForkedPython, withWholePython } from './forked-python'

useForkedPython()

/** Memory of a process in megabytes: torch alone takes more than 100. */
async function megabytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmRSS:\s*(\d+) kB$/m.exec(status)?.[1]) / 1000
}

describe.runIf(process.platform === 'linux')('the Python of a session in tests', () => {
  it('is a fork of one that has imported, unless the test wants a whole one', async () => {
    const memory = async (session: Session) => {
      await using open = session
      return await megabytes(open.pid)
    }
    // What Node started only passes signals on.
    expect(await memory(await connectForTest())).toBeLessThan(60)
    expect(await memory(await withWholePython(() => connect({ device: 'cpu' })))).toBeGreaterThan(100)
  })

  it('has its end reported as that of any other', async () => {
    const session = await connectForTest()
    process.kill(session.pid, 'SIGKILL')
    // The fork answers until the server has ended it.
    await vi.waitFor(() => expect(session.compute(() => null)).rejects.toThrow(PythonExitError))
    await session[Symbol.asyncDispose]().catch(() => undefined)
    await expect(readFile(`/proc/${session.pid}/status`, 'utf8')).rejects.toThrow()
  })
})
