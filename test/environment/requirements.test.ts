import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { REQUIREMENTS_FILE } from '../../src/environment/paths'
import { isPinnedVersion, pipInstallCommand, readRequirements } from '../../src/environment/requirements'
import { ConfigError } from '../../src/errors'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ft-cadis-requirements-'))
})
afterAll(() => rm(folder, { recursive: true }))

async function read(text: string) {
  const file = join(folder, 'requirements.txt')
  await writeFile(file, text)
  return (await readRequirements(file)).requirements
}

test('the list of this package is read whole', async () => {
  const { requirements } = await readRequirements(REQUIREMENTS_FILE)
  expect(requirements.map(({ name }) => name)).toEqual(
    expect.arrayContaining([
      'torch',
      'torchvision',
      'timm',
      'diffusers',
      'peft',
      'transformers',
      'safetensors',
    ]),
  )
})

test('comments, blank lines and options of pip are passed over', async () => {
  const text =
    '# torch==0\n\n--no-index\n-f wheels\r\ntorch==2.13.0  # here\nscikit-learn == 1.9.1\r\na==1!2.0+cpu'
  expect(await read(text)).toEqual([
    { name: 'torch', version: '2.13.0' },
    { name: 'scikit-learn', version: '1.9.1' },
    { name: 'a', version: '1!2.0+cpu' },
  ])
  expect(await read('')).toEqual([])
})

test.each([
  'torch',
  'torch>=2',
  'torch==2.*',
  'torch==2.0,<3',
  'https://host/torch.whl',
  'torch==1 ; python_version<"4"',
])('a line that is not an exact pin is refused: %s', async line => {
  const reading = read(`numpy==2.4.6\n${line}\n`)
  await expect(reading).rejects.toThrow(ConfigError)
  await expect(reading).rejects.toThrow(`has the line "${line}", expected an exact pin`)
})

test('a missing file is named', async () => {
  await expect(readRequirements('/nowhere/list.txt')).rejects.toThrow(/\/nowhere\/list\.txt is missing/)
})

test('a local label is not a difference, anything else is', () => {
  expect(isPinnedVersion('2.13.0', '2.13.0')).toBe(true)
  expect(isPinnedVersion('2.13.0+cpu', '2.13.0')).toBe(true)
  expect(isPinnedVersion('2.13.0+cpu', '2.13.0+cpu')).toBe(true)
  expect(isPinnedVersion('2.13.0+cpu', '2.13.0+cu130')).toBe(false)
  expect(isPinnedVersion('2.13.1', '2.13.0')).toBe(false)
})

test('the command can be pasted into a shell', () => {
  const pins = [{ name: 'torch', version: '2.13.0' }]
  expect(pipInstallCommand('/usr/bin/python3', pins)).toBe('/usr/bin/python3 -m pip install torch==2.13.0')
  expect(pipInstallCommand("/my env's/python", pins)).toBe(
    "'/my env'\\''s/python' -m pip install torch==2.13.0",
  )
})
