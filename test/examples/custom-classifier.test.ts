import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { runProgram } from '../support/run-example'

it('a network of one’s own learns, and is saved', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ft-cadis-custom-'))
  try {
    const { exitCode, stderr } = await runProgram(
      'examples/custom-classifier.ts',
      ...['--epochs', '2', '--device', 'cpu', '--output', folder],
    )
    expect({ exitCode, stderr: exitCode === 0 ? '' : stderr }).toEqual({ exitCode: 0, stderr: '' })
    const accuracy = Number(/^epoch 2\/2: noisy accuracy ([\d.]+) %/m.exec(stderr)?.[1])
    expect(accuracy).toBeGreaterThan(50)
    expect(await readdir(join(folder, 'checkpoints', 'epoch-02'))).toContain('model.safetensors')
  } finally {
    await rm(folder, { recursive: true })
  }
}, 120_000)
