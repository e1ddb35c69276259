import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { describeEnvironment, describeWeights, doctor, inspectNode } from '../../src/environment/doctor'
import type { EnvironmentInfo } from '../../src/environment/inspect-environment'
import { REQUIREMENTS_FILE } from '../../src/environment/paths'
import { readRequirements, toPin } from '../../src/environment/requirements'

const interpreter = { path: '/env/bin/python', origin: 'venv', version: '3.11.7' } as const

function describeOne(name: string, installed: EnvironmentInfo['packages'][string], more = {}) {
  const info = { packages: { [name]: installed }, torchvision_operators: null, cuda: null, ...more }
  return describeEnvironment(interpreter, info, [{ name, version: '2.0' }])[1]
}

test('Node is compared by number, not as text', () => {
  expect(inspectNode('20.19.0')).toEqual({ name: 'Node', status: 'ok', found: '20.19.0' })
  expect(inspectNode('100.1.0').status).toBe('ok')
  for (const version of ['20.9.0', '18.20.1', '9.99.0']) {
    expect(inspectNode(version)).toMatchObject({
      status: 'error',
      repair: expect.stringMatching(/newer Node/),
    })
  }
})

test('a package is fine, different, missing or broken', () => {
  const at = (version: string | null, import_error: string | null = null) => ({ version, import_error })
  expect(describeOne('torch', at('2.0+cpu'))).toEqual({ name: 'torch', status: 'ok', found: '2.0+cpu' })
  expect(describeOne('torch', at('2.1'))).toEqual({
    name: 'torch',
    status: 'warning',
    found: '2.1, tested with 2.0',
    repair: '/env/bin/python -m pip install torch==2.0',
  })
  expect(describeOne('torch', at(null))).toEqual({
    name: 'torch',
    status: 'error',
    found: 'is not installed',
    repair: '/env/bin/python -m pip install torch==2.0',
  })
  expect(describeOne('torch', at('2.0', 'OSError: libcudart.so.13'))).toEqual({
    name: 'torch',
    status: 'error',
    found: '2.0, but importing it fails: OSError: libcudart.so.13',
    repair: '/env/bin/python -m pip install --force-reinstall torch==2.0',
  })
})

test('torchvision without its operators is fine and says so', () => {
  const installed = { version: '2.0', import_error: null }
  const found = (operators: string) =>
    describeOne('torchvision', installed, { torchvision_operators: operators })
  expect(found('native')).toMatchObject({ status: 'ok', found: '2.0' })
  expect(found('schemas defined')).toMatchObject({
    status: 'ok',
    found: expect.stringMatching(/declared empty/),
  })
})

test('devices', () => {
  const devices = (cuda: EnvironmentInfo['cuda']) =>
    describeEnvironment(interpreter, { packages: {}, torchvision_operators: null, cuda }, [])
      .slice(1, -1)
      .map(({ name, found }) => `${name}: ${found}`)
  expect(devices(null)).toEqual([])
  expect(devices({ built_for: null, problem: null, devices: [] })).toEqual([
    'CUDA: none, torch is built for the CPU',
  ])
  expect(devices({ built_for: '13.0', problem: null, devices: [] })).toEqual([
    'CUDA: 13.0, no device is visible',
  ])
  expect(devices({ built_for: '13.0', problem: 'old driver', devices: [] })).toEqual([
    'CUDA: 13.0, no usable device: old driver',
  ])
  expect(
    devices({
      built_for: '13.0',
      problem: null,
      devices: [{ name: 'NVIDIA A100', memory_bytes: 42_949_672_960 }],
    }),
  ).toEqual(['CUDA: 13.0', 'cuda:0: NVIDIA A100, 40.0 GiB'])
})

test('without an interpreter the report is short and unusable', async () => {
  const report = await doctor({ env: {}, folders: [join(tmpdir(), 'no-such-folder')] })
  expect(report.isUsable).toBe(false)
  expect(report.findings.map(({ name, status }) => [name, status])).toEqual([
    ['Node', 'ok'],
    ['Python', 'error'],
    ['weights of cifar10', 'ok'],
    ['weights of imagenet', 'ok'],
    ["hub's cache", 'ok'],
  ])
})

test('says which weights are in the cache', () => {
  const denoiser = { file: 'weights.pt', isCached: true }
  const classifier = { id: 'owner/name', isCached: false }
  const found = describeWeights({ presets: [{ name: 'cifar10', denoiser, classifier }], models: [] })
  expect(found.map(({ name, found }) => `${name}: ${found}`)).toEqual([
    'weights of cifar10: denoiser in the cache, classifier not fetched',
    "hub's cache: no models",
  ])
})

test('in the environment of these tests torch and torchvision are there', async () => {
  // The shortest list that shows the whole way: importing every package takes too long here.
  const { requirements } = await readRequirements(REQUIREMENTS_FILE)
  const folder = await mkdtemp(join(tmpdir(), 'ft-cadis-doctor-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const requirementsFile = join(folder, 'requirements.txt')
  const pins = requirements.filter(({ name }) => ['torchvision', 'torch'].includes(name))
  await writeFile(requirementsFile, pins.map(toPin).join('\n'))

  const report = await doctor({ requirementsFile })
  expect(report.findings.filter(({ status }) => status === 'error')).toEqual([])
  expect(report.isUsable).toBe(true)
  expect(report.findings.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['Node', 'Python', 'torch', 'torchvision', 'CUDA', 'CPU']),
  )
}, 300_000)
