import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { pipInstall } from '../../src/environment/pip-install'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ft-cadis-pip-'))
})
afterAll(() => rm(folder, { recursive: true }))

/** Runs `pipInstall` with a pip that prints these lines and fails. */
async function failWith(output: string): Promise<{ message: string; lines: string[] }> {
  await writeFile(join(folder, 'output'), output)
  const python = join(folder, 'python')
  await writeFile(python, `#!/bin/sh\ncat ${join(folder, 'output')} >&2\nexit 1\n`)
  await chmod(python, 0o755)
  const lines: string[] = []
  const error = await pipInstall({ python, what: ['x'], onLine: line => lines.push(line) }).then(
    () => expect.fail('installed'),
    (reason: Error) => reason,
  )
  return { message: error.message, lines }
}

test('without network: the package, the reason, the remedy', async () => {
  const { message, lines } = await failWith(
    `WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError('...: Failed to establish a new connection: [Errno 111] Connection refused')': /simple/torch/
ERROR: Could not find a version that satisfies the requirement torch==2.13.0 (from versions: none)
ERROR: No matching distribution found for torch==2.13.0
`,
  )
  expect(lines).toHaveLength(3)
  expect(message).toMatch(
    /^pip could not install torch==2\.13\.0: the package index could not be reached\. Check the network/,
  )
})

test.each([
  [
    'a full disk',
    'Collecting timm==1.0.31\nCollecting torch==2.13.0\nERROR: Could not install packages due to an OSError: [Errno 28] No space left on device\n',
    /^pip could not install torch==2\.13\.0: the disk is full\. Free space/,
  ],
  [
    'a version that does not exist',
    'ERROR: Could not find a version that satisfies the requirement numpy==99 (from versions: 1.0, 2.0)\nERROR: No matching distribution found for numpy==99\n',
    /^pip could not install numpy==99: the package index has no such version for this Python/,
  ],
  [
    'a failing build',
    'Collecting numpy==2.4.6\n  ERROR: Failed building wheel for safetensors\nERROR: Could not build wheels for safetensors\n',
    /^pip could not install safetensors: it had to be built from source, and the build failed\./,
  ],
  [
    'a Python of the operating system',
    'error: externally-managed-environment\n\n× This environment is externally managed\n',
    /^pip could not install the required packages: this Python belongs to the operating system/,
  ],
  ['no pip', '/usr/bin/python3: No module named pip\n', /this Python has no pip\. Run `python -m ensurepip`/],
  [
    'anything else',
    'Collecting peft\nERROR: The wheel is damaged.\nnotice: more\n',
    /^pip could not install peft: The wheel is damaged\. Correct the cause/,
  ],
  ['silence', '', /^pip could not install the required packages: it printed nothing\. Correct/],
])('%s', async (_name, output, message) => {
  expect((await failWith(output)).message).toMatch(message)
})

test('an interpreter that is gone is said so', async () => {
  const installing = pipInstall({ python: join(folder, 'gone'), what: ['x'], onLine: () => {} })
  await expect(installing).rejects.toThrow(/spawn .*gone ENOENT/)
})
