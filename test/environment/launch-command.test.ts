import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type LaunchOptions,
  launchEnvironment,
  rankCommand,
  torchrunArguments,
} from '../../src/environment/launch-command'
import { ConfigError } from '../../src/errors'

const OPTIONS: LaunchOptions = { nprocPerNode: 2, nnodes: 1, maxRestarts: 0 }
const MACHINES = { ...OPTIONS, nnodes: 2, rdzvEndpoint: 'first:29400' }

describe('the arguments of torchrun', () => {
  test('on one machine need no place to meet', () => {
    const words = ['node', 'a.js', '--sigma', '$x']
    expect(torchrunArguments({ ...OPTIONS, maxRestarts: 3 }, words, 'launch 1')).toEqual([
      '--nnodes=1',
      '--rdzv-backend=ftcadis-loopback',
      '--rdzv-endpoint=localhost:0',
      '--rdzv-id=launch 1',
      '--nproc-per-node=2',
      '--max-restarts=3',
      '--no-python',
      '--',
      'node',
      'a.js',
      '--sigma',
      '$$x',
    ])
  })

  test('on one machine meet nobody where a place is given, as a script for any number of machines does', () => {
    const one = { ...MACHINES, nnodes: 1, nodeRank: 0, rdzvId: 'job 7', localAddr: '10.0.0.2' }
    expect(torchrunArguments(one, ['node'], 'launch 1').slice(0, -5)).toEqual([
      '--nnodes=1',
      '--rdzv-backend=ftcadis-loopback',
      '--rdzv-endpoint=localhost:0',
      '--rdzv-id=job 7',
    ])
  })

  test('on several say where they meet, and who keeps the place', () => {
    const several = (options: Partial<LaunchOptions>) =>
      torchrunArguments({ ...MACHINES, ...options }, ['node'], 'launch 1').slice(0, -5)
    const endpoint = ['--nnodes=2', '--rdzv-backend=ftcadis-json', '--rdzv-endpoint=first:29400']
    expect(several({})).toEqual([...endpoint, '--rdzv-id=ft-cadis'])
    expect(several({ nodeRank: 0, rdzvId: 'job 7' })).toEqual([
      ...endpoint,
      '--rdzv-id=job 7',
      '--rdzv-conf=is_host=1',
    ])
    expect(several({ nodeRank: 1, localAddr: '10.0.0.2' })).toEqual([
      ...endpoint,
      '--rdzv-id=ft-cadis',
      '--rdzv-conf=is_host=0',
      '--local-addr=10.0.0.2',
    ])
  })

  test.each([
    [{ nnodes: 2 }, '--nnodes is for several machines, which meet at --rdzv-endpoint.'],
    [{ nodeRank: 1 }, '--node-rank is for several machines'],
    [{ rdzvId: 'a' }, '--rdzv-id is for several machines'],
    [{ ...MACHINES, nodeRank: 2 }, '--node-rank must be smaller than the number of machines, 2, got 2.'],
  ])('%o is refused', (options, message) => {
    const refused = () => torchrunArguments({ ...OPTIONS, ...options }, ['node'], 'launch 1')
    expect(refused).toThrow(ConfigError)
    expect(refused).toThrow(message)
  })
})

describe('the environment of ranks', () => {
  const address = (name: string, internal = false) => ({
    address: name,
    netmask: '',
    mac: '',
    internal,
    cidr: null,
  })
  const machine = {
    env: {},
    cpus: 7,
    interfaces: {
      lo: [{ ...address('127.0.0.1', true), family: 'IPv4' as const }],
      ib0: [{ ...address('10.0.0.2'), family: 'IPv4' as const }],
    },
  }

  test('shares out the processors among the ranks', () => {
    const threads = (nprocPerNode: number, env = {}) =>
      launchEnvironment({ nprocPerNode, nnodes: 2 }, { ...machine, env }).OMP_NUM_THREADS
    expect([1, 2, 7, 8].map(ranks => threads(ranks))).toEqual([undefined, '3', '1', '1'])
    expect(threads(2, { OMP_NUM_THREADS: '5' })).toBeUndefined()
  })

  test('names the network of the address, unless it is named', () => {
    const networks = (env = {}) =>
      launchEnvironment({ nprocPerNode: 1, nnodes: 2, localAddr: '10.0.0.2' }, { ...machine, env })
    expect(networks()).toMatchObject({ GLOO_SOCKET_IFNAME: 'ib0', NCCL_SOCKET_IFNAME: 'ib0' })
    expect(networks({ NCCL_SOCKET_IFNAME: 'ib1' })).not.toHaveProperty('NCCL_SOCKET_IFNAME')
    const other = { nprocPerNode: 1, nnodes: 2, localAddr: '10.0.0.9' }
    expect(() => launchEnvironment(other, machine)).toThrow(
      "--local-addr must be an address of this machine, got '10.0.0.9'. Give one of 127.0.0.1, 10.0.0.2.",
    )
  })
})

test('the environment of ranks on one machine names loopback, whatever is set', () => {
  const entry = { netmask: '', mac: '', cidr: null, family: 'IPv4' as const }
  const machine = {
    env: { GLOO_SOCKET_IFNAME: 'eth0', NCCL_SOCKET_IFNAME: 'eth0' },
    cpus: 2,
    interfaces: {
      eth0: [{ ...entry, address: '10.0.0.2', internal: false }],
      lo0: [{ ...entry, address: '127.0.0.1', internal: true }],
    },
  }
  expect(launchEnvironment({ nprocPerNode: 2, nnodes: 1, localAddr: '10.0.0.2' }, machine)).toMatchObject({
    GLOO_SOCKET_IFNAME: 'lo0',
    NCCL_SOCKET_IFNAME: '=lo0',
  })
})

describe('the command of a rank', () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'ft-cadis-launch-'))
    for (const name of ['a.ts', 'a.mjs']) writeFileSync(join(folder, name), '')
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  const own = { main: '/package/src/cli/main.ts', commands: ['certify', 'doctor'] }
  const tsNode = require.resolve('ts-node/register')
  const { execPath } = process

  test('is a TypeScript file under ts-node, which this package lends where the project has none', async () => {
    const file = join(folder, 'a.ts')
    expect(await rankCommand(file, ['--x', '1'], own)).toEqual([execPath, '-r', tsNode, file, '--x', '1'])
  })

  test('is a JavaScript file', async () => {
    const file = join(folder, 'a.mjs')
    expect(await rankCommand(file, [], own)).toEqual([execPath, file])
  })

  test('is a command of this package, from its sources or built', async () => {
    expect(await rankCommand('certify', ['run'], own)).toEqual([
      execPath,
      '--import',
      pathToFileURL(require.resolve('tsx')).href,
      own.main,
      'certify',
      'run',
    ])
    const built = { ...own, main: '/package/dist/cli/main.js' }
    expect(await rankCommand('doctor', [], built)).toEqual([execPath, built.main, 'doctor'])
  })

  test('is nothing else', async () => {
    await expect(rankCommand('certifi', [], own)).rejects.toThrow(
      "'certifi' is neither a .ts or .js file nor a command that can be launched (certify, doctor).",
    )
    await expect(rankCommand('b.ts', [], own)).rejects.toThrow(
      `The program ${join(process.cwd(), 'b.ts')} does not exist.`,
    )
  })
})
