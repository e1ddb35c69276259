import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { findMissing, inspectEnvironment } from '../../src/environment/inspect-environment'

const TORCH_WITH_A_GPU = `
from types import SimpleNamespace as N
version = N(cuda="13.0")
cuda = N(is_available=lambda: True, device_count=lambda: 1,
         get_device_properties=lambda index: N(name="GPU", total_memory=2**30))
`

const TORCH_WITH_AN_OLD_DRIVER = `
import warnings
from types import SimpleNamespace as N
def is_available():
    warnings.warn("The NVIDIA driver on your system is too old.\\nUpdate it.")
    return False
version = N(cuda="13.0")
cuda = N(is_available=is_available, device_count=lambda: 1)
`

let site: string
beforeAll(async () => {
  site = await mkdtemp(join(tmpdir(), 'ft-cadis-inspect-'))
  await addPackage('tidy', '')
  await addPackage('noisy', 'import os; print("printed"); os.system("echo printed by a child")')
  await addPackage('broken', 'raise RuntimeError("no CUDA 13\\nmore")')
  await addPackage('crashing', 'import os; os.abort()')
})
afterAll(() => rm(site, { recursive: true }))
afterEach(() => vi.unstubAllEnvs())

async function addPackage(name: string, text: string): Promise<void> {
  const information = join(site, `${name}-1.5.dist-info`)
  await mkdir(information, { recursive: true })
  await writeFile(join(information, 'METADATA'), `Metadata-Version: 2.1\nName: ${name}\nVersion: 1.5\n`)
  await writeFile(join(site, `${name}.py`), text)
}

const pins = (...names: string[]) => names.map(name => ({ name, version: '1.0' }))

test('versions are looked up without importing anything', async () => {
  vi.stubEnv('PYTHONPATH', site)
  const info = await inspectEnvironment('python3', pins('tidy', 'crashing', 'absent'))
  expect(info).toEqual({
    packages: {
      tidy: { version: '1.5', import_error: null },
      crashing: { version: '1.5', import_error: null },
      absent: { version: null, import_error: null },
    },
    torchvision_operators: null,
    cuda: null,
  })
  expect(await findMissing('python3', pins('absent', 'tidy'))).toEqual(pins('absent'))
})

test('imports show what is broken, whatever the packages print', async () => {
  vi.stubEnv('PYTHONPATH', site)
  const { packages } = await inspectEnvironment('python3', pins('noisy', 'broken', 'absent'), {
    importPackages: true,
  })
  expect(packages).toEqual({
    noisy: { version: '1.5', import_error: null },
    broken: { version: '1.5', import_error: 'RuntimeError: no CUDA 13' },
    absent: { version: null, import_error: null },
  })
})

test('a package that ends Python is an error that shows where', async () => {
  vi.stubEnv('PYTHONPATH', site)
  await expect(
    inspectEnvironment('python3', pins('tidy', 'crashing'), { importPackages: true }),
  ).rejects.toThrow(
    /ended with signal SIGABRT while its packages were looked at:(?:.|\n)*crashing\.py(?:.|\n)*Reinstall/,
  )
})

test('devices are listed, and an unusable driver in the words of torch', async () => {
  vi.stubEnv('PYTHONPATH', site)
  const inspect = () => inspectEnvironment('python3', pins('torch'), { importPackages: true })
  await addPackage('torch', TORCH_WITH_A_GPU)
  expect((await inspect()).cuda).toEqual({
    built_for: '13.0',
    problem: null,
    devices: [{ name: 'GPU', memory_bytes: 2 ** 30 }],
  })
  await addPackage('torch', TORCH_WITH_AN_OLD_DRIVER)
  expect((await inspect()).cuda).toEqual({
    built_for: '13.0',
    problem: 'The NVIDIA driver on your system is too old.',
    devices: [],
  })
})
