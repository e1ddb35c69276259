import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { csvWatcher } from '../../examples/watch-csv'
import { wandbWatcher } from '../../examples/watch-wandb'
import { finetune, presets } from '../../src'
import { resolveInterpreter } from '../../src/environment/interpreter'
import { CLASSIFIER, connectForTest, DENOISER } from '../support/digits'

vi.setConfig({ testTimeout: 120_000 })

/** Stands for the package of Weights & Biases: writes what it is told as lines of JSON. */
const WANDB = `
import json, os
class Run:
    def log(self, values, step):
        write({"step": step, **values})
    def finish(self):
        write("finished")
def init(project, config):
    write({"project": project, "sigma": config["smoothing"]["sigma"]})
    return Run()
def write(line):
    with open(os.environ["WANDB_LINES"], "a") as file:
        file.write(json.dumps(line) + "\\n")
`

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ft-cadis-watchers-'))
})
afterAll(() => rm(folder, { recursive: true }))

it('the watchers of the examples write CSV and log to Weights & Biases', async () => {
  await mkdir(join(folder, 'packages'))
  await writeFile(join(folder, 'packages', 'wandb.py'), WANDB)
  vi.stubEnv('PYTHONPATH', join(folder, 'packages'))
  vi.stubEnv('WANDB_LINES', join(folder, 'wandb.jsonl'))
  const { path: python } = await resolveInterpreter()
  const csv = join(folder, 'epochs.csv')
  const config = presets.digits({ denoiser: DENOISER, classifier: CLASSIFIER, output: join(folder, 'run') })
  const session = await connectForTest()
  try {
    await finetune(
      session,
      {
        ...config,
        optimisation: { ...config.optimisation, epochs: 1, warmupEpochs: 0, imagesPerUpdate: 400 },
      },
      {
        evaluationImages: 4,
        watchers: [
          csvWatcher(csv),
          wandbWatcher('digits', { python }),
          wandbWatcher('x', { python: 'no-such' }),
        ],
      },
    )
  } finally {
    await session.close()
  }
  const [header = '', row = '', ...others] = (await readFile(csv, 'utf8')).trim().split('\n')
  expect(header).toMatch(/^epoch,step,noisy,clean$/)
  expect(row).toMatch(/^1,3,[\d.]+,[\d.]+/)
  expect(others).toEqual([])
  const lines = (await readFile(join(folder, 'wandb.jsonl'), 'utf8'))
    .trim()
    .split('\n')
    .map(line => JSON.parse(line))
  expect(lines[0]).toEqual({ project: 'digits', sigma: 0.75 })
  expect(lines.filter(({ loss }) => loss > 0).map(({ step }) => step)).toEqual([1, 2, 3])
  expect(lines.at(-2)).toMatchObject({ step: 3, test: { clean: expect.any(Number) } })
  expect(lines.at(-1)).toBe('finished')
})
