import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { certify, finetune, InterruptedError, type Session } from '../../../src'
import { smoothedSource } from '../../../src/cli/smoothed-source'
import { connectForTest } from '../../support/digits'
import { runWithOwnPython } from '../../support/run-example'
import { shortRun } from '../../support/short-run'

vi.setConfig({ testTimeout: 120_000 })

let session: Session
let run: string
beforeAll(async () => {
  session = await connectForTest()
  run = await mkdtemp(join(tmpdir(), 'ft-cadis-interrupted-'))
  const config = shortRun(run)
  const controller = new AbortController()
  const stopped = finetune(
    session,
    { ...config, tuning: { kind: 'lora', rank: 4, alpha: 8 } },
    {
      evaluationImages: 4,
      signal: controller.signal,
      onUpdate: ({ step }) => {
        if (step === 11) controller.abort('SIGTERM')
      },
    },
  )
  await expect(stopped).rejects.toThrow(InterruptedError)
})
afterAll(async () => {
  await session.close()
  await rm(run, { recursive: true })
})

it('a run that was interrupted within an epoch certifies and exports its newest checkpoint', async () => {
  expect(await readdir(join(run, 'checkpoints'))).toEqual(expect.arrayContaining(['epoch-01', 'step-000012']))

  const source = await smoothedSource(run, { n0: 4, n: 10 }, { images: { first: 1 } })
  expect(source.config.checkpoint).toBe(join(run, 'checkpoints', 'step-000012'))
  const { rows, metadata } = await certify(session, source, { log: join(run, 'certify.tsv') })
  expect(rows).toHaveLength(1)
  expect(metadata?.configuration).toMatchObject({ classifier: expect.stringMatching(/\/step-000012$/) })

  const merged = join(run, 'merged')
  const { exitCode, stdout, stderr } = await runWithOwnPython(
    'src/cli/main.ts',
    'export',
    run,
    '--merge',
    merged,
  )
  expect(exitCode).toBe(0)
  expect(stderr).toMatch(/^note: the run is \w+: this is its checkpoint step-000012\.$/m)
  expect(stdout).toContain(`step-000012: merged network written to ${merged}`)
  expect(await readdir(merged)).toContain('model.safetensors')
})
