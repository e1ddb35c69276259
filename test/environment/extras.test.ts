import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { requireExtra } from '../../src/environment/extras'
import { resolveInterpreter } from '../../src/environment/interpreter'
import { EXTRA_FILES } from '../../src/environment/paths'
import { readRequirements } from '../../src/environment/requirements'
import { PythonStartError } from '../../src/errors'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ft-cadis-extras-'))
})
afterAll(() => rm(folder, { recursive: true }))

const extra = async (...pins: string[]) => {
  const onnx = join(folder, 'extra.txt')
  await writeFile(onnx, pins.join('\n'))
  return { onnx }
}

it('a Python that lacks packages of an extra is refused with the command that installs them', async () => {
  const { path: python } = await resolveInterpreter()
  const files = await extra('torch==1.0', 'not-there==1.0', 'nor-this==2.0')
  const refused = requireExtra('onnx', '`export --onnx`', { python, files })
  await expect(refused).rejects.toThrow(PythonStartError)
  await expect(refused).rejects.toThrow(
    `\`export --onnx\` needs not-there, nor-this, which ${python} does not have. Run \`npx ft-cadis setup --with onnx --python ${python} --install\`.`,
  )
})

it('a Python that has them is taken, in whatever version', async () => {
  vi.stubEnv('PYTHON_BIN', (await resolveInterpreter()).path)
  await requireExtra('onnx', '`export --onnx`', { files: await extra('torch==1.0') })
})

it('packages of extras are pinned, and the package has their lists', async () => {
  const { files } = JSON.parse(await readFile('package.json', 'utf8')) as { files: string[] }
  for (const [name, file] of Object.entries(EXTRA_FILES)) {
    expect((await readRequirements(file)).requirements.length).toBeGreaterThan(0)
    expect(files).toContain(`python/requirements-${name}.txt`)
  }
})
