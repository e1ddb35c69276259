import { readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, describe, expect, test } from 'vitest'
import { connect, type Session } from '../../src/bridge'
import { PythonExitError, PythonStartError } from '../../src/errors'
import { add, tensor } from '../../src/torch'
import { isRunning } from './processes'
import { rejectionOf, runPython } from './support'

let session: Session
let isOpen = false
const printed: string[] = []

/** Connects, unless the test before has left its session open: starting Python takes seconds. */
async function open(): Promise<void> {
  printed.length = 0
  if (isOpen) return
  session = await connect({ device: 'cpu', threads: 1, onOutput: line => printed.push(line) })
  isOpen = true
}

async function close(): Promise<void> {
  isOpen = false
  await session.close()
}

afterAll(close)

const one = () => tensor(session, 1, { axes: '' })

/** Keeps Python in one step for a minute, from the moment when it has printed the word. */
async function hang(word: string): Promise<{ pending: Promise<void> }> {
  runPython(session, `import time; print(${JSON.stringify(word)}); time.sleep(60)`)
  const pending = session.flush()
  pending.catch(() => undefined)
  await expect.poll(() => printed, { timeout: 10_000 }).toEqual([word])
  return { pending }
}

test('a second session in the same Node process is refused, also while the first one starts', async () => {
  const first = open()
  const refused = async () => (await rejectionOf(connect(), PythonStartError)).message
  const message = 'This Node process already has a Python. Close the first session, or share it.'
  expect(await refused()).toBe(message)
  await first
  expect(await refused()).toBe(message)
  expect(await session.compute(one)).toBe(1)
})

test('no socket is left in the temporary folder once Python is connected', async () => {
  await open()
  const sockets = (await readdir(tmpdir())).filter(name => name.startsWith(`ft-cadis-${process.pid}-`))
  expect(sockets).toEqual([])
})

describe('when Python dies', () => {
  test('of SIGKILL in mid-step, every pending read rejects within a second, and so do later ones', async () => {
    await open()
    const made = one()
    const { pending } = await hang('step 7')
    const alsoPending = session.compute(() => add(made, 1))

    const killedMs = performance.now()
    process.kill(session.pid, 'SIGKILL')
    for (const read of [pending, alsoPending]) {
      const error = await rejectionOf(read, PythonExitError)
      expect(error).toMatchObject({
        code: 'PYTHON_EXIT',
        signal: 'SIGKILL',
        exitCode: null,
        output: ['step 7'],
      })
      expect(error.message).toBe(
        'The Python process ended on signal SIGKILL. Its last lines were:\nstep 7\n' +
          'It may have run out of memory: use a smaller batch; a run continues from its last checkpoint, a certification from its log.',
      )
    }
    expect(performance.now() - killedMs).toBeLessThan(1000)
    await rejectionOf(session.read(made), PythonExitError)
    await rejectionOf(session.flush(), PythonExitError)
    await rejectionOf(connect(), PythonStartError)

    await close()
    await open()
    expect(await session.compute(one)).toBe(1)
    expect(() => session.perform('backward', [made])).toThrow(/takes a value of another session/)
  })

  test('of a crash, the error quotes the fault trace', async () => {
    await open()
    runPython(session, 'import os, signal\ndef faulty(): os.kill(os.getpid(), signal.SIGSEGV)\nfaulty()')
    const error = await rejectionOf(session.flush(), PythonExitError)
    await close()
    expect(error.signal).toBe('SIGSEGV')
    expect(error.message).toMatch(/Fatal Python error: Segmentation fault\n.* in faulty\n.*support\.py/s)
    expect(error.remedy).toMatch(/^Read the lines above, run `npx ft-cadis doctor`/)
  })

  test('of an exit, the error has its code', async () => {
    await open()
    runPython(session, 'import os\nos._exit(3)')
    const error = await rejectionOf(session.flush(), PythonExitError)
    await close()
    expect(error).toMatchObject({ exitCode: 3, signal: null })
  })
})

test('a Python that is stopped is waited for, and continues when it is continued', async () => {
  await open()
  process.kill(session.pid, 'SIGSTOP')
  const answer = session.compute(() => add(one(), 1))
  await expect(Promise.race([answer, sleep(300, 'no answer')])).resolves.toBe('no answer')
  process.kill(session.pid, 'SIGCONT')
  expect(await answer).toBe(2)
})

describe('close', () => {
  test('ends Python before it resolves, called twice as well; later reads say what happened', async () => {
    await open()
    const answered = session.compute(one)
    const closing = close()
    await session.close()
    expect(await isRunning(session.pid)).toBe(false)
    await closing
    expect(await answered).toBe(1)
    expect((await rejectionOf(session.flush(), PythonExitError)).remedy).toBe(
      'The session was closed; connect again to continue.',
    )
  })

  test('is what `await using` does, after a throw too', async () => {
    const thrown = new Error('stop')
    let pid = 0
    const using = async () => {
      await using inner = await connect({ device: 'cpu' })
      pid = inner.pid
      expect(await isRunning(pid)).toBe(true)
      throw thrown
    }
    await expect(using()).rejects.toBe(thrown)
    expect(await isRunning(pid)).toBe(false)
  })

  test('ends a Python that does not come back from a step, and what is pending rejects', async () => {
    await open()
    const { pending } = await hang('asleep')
    await close()
    expect(await rejectionOf(pending, PythonExitError)).toMatchObject({
      signal: 'SIGKILL',
      remedy: 'The session was closed; connect again to continue.',
    })
  })
})
