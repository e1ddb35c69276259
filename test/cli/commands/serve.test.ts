import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PACKAGE_FOLDER } from '../../../src/files/package-folder'
import { ask, digitImages } from '../../service/digits-service'
import { useForkedPython } from '../../support/forked-python'
import { runHereIn } from '../../support/run-here'
import { TYPESCRIPT } from '../../support/typescript'

useForkedPython()

const MAIN = join(PACKAGE_FOLDER, 'src', 'cli', 'main.ts')

describe('ft-cadis serve', () => {
  let folder: string
  let image: Buffer
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ft-cadis-serve-'))
    ;[image = Buffer.alloc(0)] = await digitImages(1)
  })
  const children: ChildProcess[] = []
  afterAll(async () => {
    for (const child of children) child.kill('SIGKILL')
    await rm(folder, { recursive: true })
  })

  function started(args: readonly string[]) {
    const child = spawn(process.execPath, args, { cwd: PACKAGE_FOLDER })
    children.push(child)
    const said = { out: '', error: '' }
    child.stdout.on('data', text => {
      said.out += text
    })
    child.stderr.on('data', text => {
      said.error += text
    })
    return { child, said, ended: once(child, 'close') }
  }

  it('answers until it is told to stop, and then what it has accepted', async () => {
    const token = 'of many characters, and in a file'
    const file = join(folder, 'token')
    await writeFile(file, `${token}\n`)
    const options = [
      '--preset',
      'digits',
      '--sigma',
      '0.25',
      '--batch',
      '64',
      '--device',
      'cpu',
      '--threads',
      '1',
    ]
    const { child, said, ended } = started([
      ...TYPESCRIPT,
      MAIN,
      'serve',
      ...options,
      '--port',
      '0',
      '--token-file',
      file,
    ])
    let url: string | undefined
    while (url === undefined && child.exitCode === null) {
      await once(child.stdout, 'data')
      url = /serving at (\S+),/.exec(said.out)?.[1]
    }
    const headers = { authorization: `Bearer ${token}` }
    // It takes seconds, of which most are still to come when the signal does.
    const answer = ask(url ?? '', image, { query: '?n=8000', headers })
    const metrics = async () => (await fetch(`${url}/metrics`, { headers })).text()
    while (!/^ft_cadis_waiting 1$/m.test(await metrics())) await sleep(10)
    child.kill('SIGTERM')
    expect(await answer).toMatchObject({
      status: 200,
      body: { verdict: 'certified', className: '6', n: 8000 },
    })
    expect(await ended).toEqual([0, null])
    expect(said.error).toContain('SIGTERM: accepted requests are answered')
    expect(said.error).toMatch(
      /A request with n = 1,000, the default, takes (less than a second|about [^\n]+ s) if /,
    )
    const [line = ''] = said.error.split('\n').filter(text => text.includes('"/predict"'))
    expect(JSON.parse(line)).toMatchObject({ route: '/predict', status: 200, n: 8000, verdict: 'certified' })
    expect(said.error.indexOf('SIGTERM')).toBeLessThan(said.error.indexOf(line))
    expect(said.error).not.toContain(token)
  }, 180_000)

  it.each<[string[], Record<string, string>, string]>([
    [['--host', '0.0.0.0'], {}, 'error: The address 0.0.0.0 can be reached from other machines'],
    [[], { FT_CADIS_TOKEN: 'short' }, 'error: The token has 5 characters, expected 16 or more.'],
    [['--token-file', 'nowhere'], {}, 'error: The file of the token, nowhere, is missing.'],
  ])('refuses %j with %j before Python is started', async (args, env, message) => {
    const { exitCode, stderr } = await runHereIn(
      { folder: PACKAGE_FOLDER, env: { ...env, PYTHON_BIN: join(folder, 'no-python') } },
      ...['serve', '--preset', 'digits', ...args],
    )
    expect(exitCode).toBe(1)
    expect(stderr).toContain(message)
  })

  it.each(['./src/cli/ft-cadis', './src'])('is loaded by its command alone, not with %s', async path => {
    const program = `require(${JSON.stringify(path)}).createFtCadis?.()
console.log(Object.keys(require.cache).filter(name => /fastify|prom-client|src.service/.test(name)).length)`
    const { said, ended } = started([...TYPESCRIPT, '-e', program])
    await ended
    expect(said).toEqual({ out: '0\n', error: '' })
  })
})
