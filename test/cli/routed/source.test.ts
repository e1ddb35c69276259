import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  finetune,
  parseConfig,
  type RunConfigInput,
  type Session,
  torch,
  writeSoftLabels,
} from '../../../src'
import { namedSource } from '../../../src/cli/routed/source'
import { readCertificationLog } from '../../../src/logs/certification-log-file'
import { smoothedOfFolder } from '../../../src/runs/smoothed-of-folder'
import { toSymmetric } from '../../../src/smoothing/denoise'
import { connectForTest } from '../../support/digits'
import { runProgram } from '../../support/run-example'

const SIGMAS = [0.25, 0.5]
const TIMEOUT_MS = 300_000

describe('a router on the command line', () => {
  let session: Session
  let folder: string
  let router: string
  let experts: string[]

  beforeAll(async () => {
    session = await connectForTest()
    folder = await mkdtemp(join(tmpdir(), 'ft-cadis-routed-'))
    const at = (name: string) => join(folder, name)
    experts = SIGMAS.map(sigma => at(`expert-${sigma}`))
    for (const [place, sigma] of SIGMAS.entries()) {
      await train({ output: experts[place], sigma, classes: 10, method: { kind: 'gaussian' } })
      await writeSoftLabels(session, await smoothedOfFolder(experts[place] ?? ''), {
        ...{ output: at(`labels-${sigma}.jsonl`), n: 8, augment: false },
      })
    }
    router = at('router')
    const method = {
      kind: 'router',
      experts: SIGMAS.map(sigma => ({ sigma, predictions: at(`labels-${sigma}.jsonl`) })),
    }
    await train({ output: router, sigma: 0.25, classes: 2, method })
    await train({ output: at('elsewhere'), sigma: 0.75, classes: 10, method: { kind: 'gaussian' } })
    await mkdir(at('images'))
    const digits = await torch.openDataset(session, { source: 'digits', split: 'test' })
    const { files } = await session.compute(() => ({
      files: torch.encodePng(torch.flatten(toSymmetric(digits.images([3]).images_BCHW), 'B', 'N')),
    }))
    session.free(digits)
    await writeFile(join(folder, 'images', 'three.png'), Buffer.from(files[0] ?? '', 'base64'))
  }, TIMEOUT_MS)
  afterAll(async () => {
    await session?.close()
    await rm(folder, { recursive: true })
  })

  async function train({
    sigma,
    classes,
    ...others
  }: {
    output: string | undefined
    sigma: number
    classes: number
    method: object
  }) {
    const config = parseConfig({
      smoothing: { sigma, denoiser: { source: 'none' } },
      classifier: {
        ...{ source: 'python', file: join(__dirname, '..', '..', 'support', 'batch_norm_network.py') },
        ...{ factory: 'network', arguments: { width: 16, classes }, inputRange: 'symmetric' },
      },
      data: { source: 'digits' },
      optimisation: {
        ...{ epochs: 3, imagesPerUpdate: 60, learningRate: 0.02, optimizer: { kind: 'sgd' } },
        ...{ schedule: { kind: 'steps', everyEpochs: 8 }, weightDecay: { start: 0, end: 0 }, decays: 'all' },
      },
      certification: { n0: 16, n: 200, alpha: 0.01, batch: 400 },
      device: 'cpu',
      ...others,
    } as RunConfigInput)
    const result = await finetune(session, config, {
      evaluationImages: 20,
      eventFiles: false,
      progress: false,
    })
    session.free([result.networks, result.smoothing])
  }
  const named = () => ['--router', router, '--expert', experts[1] ?? '', '--expert', experts[0] ?? '']
  const limited = ['--threads', '1', '--device', 'cpu']

  it(
    'certifies with the experts of its runs in the order of their noise levels, and predicts and attacks alike',
    async () => {
      const words = [...named(), '--agreement', '0.1', ...limited]
      const certified = await runProgram('src/cli/main.ts', 'certify', ...words, '--images', 'first:3')
      expect(certified.exitCode, certified.stderr).toBe(0)
      const { rows, metadata } = await readCertificationLog(join(router, 'certify-router.tsv'))
      expect(rows).toHaveLength(3)
      expect(metadata?.configuration.procedure).toMatchObject({
        ...{ kind: 'router', sigma: 0.25, sigmas: SIGMAS, certifiedSigmas: SIGMAS, agreement: 0.1 },
      })
      expect(metadata?.configuration.models).toMatchObject({
        router: { network: expect.anything(), others: [expect.anything()] },
      })

      const few = ['--starts', '1', '--steps', '2', '--noises', '4', '--rounds', '2', '--votes', '50']
      const attacked = await runProgram('src/cli/main.ts', 'attack', ...words, ...few, '--images', 'first:1')
      expect(attacked.exitCode, attacked.stderr).toBe(0)
      expect(attacked.stdout).toMatch(/changes: .*attack-router.tsv/)

      const predicted = await runProgram('src/cli/main.ts', 'predict', join(folder, 'images'), ...words)
      expect(predicted.exitCode, predicted.stderr).toBe(0)
      expect(predicted.stdout).toMatch(/σ = 0.25, 0.5, n = 200/)
      expect(predicted.stdout).toMatch(/three.png +│ +(3|–|\w+)? *│ +(certified|predicted|abstained)/)
    },
    TIMEOUT_MS,
  )

  it.each<[string, string | undefined, () => Parameters<typeof namedSource>[1], RegExp]>([
    ['experts without it', undefined, () => ({ expert: experts }), /--expert is given without --router/],
    ['a radius without it', undefined, () => ({ agreement: 1 }), /--agreement is given without --router/],
    ['one expert', undefined, () => ({ router, expert: experts.slice(0, 1) }), /got --expert 1 times/],
    ['a folder beside', 'runs/a', () => ({ router, expert: experts }), /got the folder runs\/a beside/],
    [
      'a noise level beside',
      undefined,
      () => ({ router, expert: experts, sigma: 1 }),
      /got --sigma 1 beside/,
    ],
    [
      'two experts of one noise level',
      undefined,
      () => ({ router, expert: [experts[0] ?? '', experts[0] ?? ''] }),
      /noise levels 0.25, 0.25, expected each once/,
    ],
    [
      'experts that it does not know',
      undefined,
      () => ({ router, expert: [experts[0] ?? '', join(folder, 'elsewhere')] }),
      /has learned to choose between the noise levels 0.25, 0.5, got experts of 0.25, 0.75/,
    ],
    [
      'a run of something else',
      undefined,
      () => ({ router: experts[0] ?? '', expert: experts }),
      /is a run of the method gaussian, expected one that trained a router/,
    ],
  ])('is refused with %s', async (_what, from, options, message) => {
    await expect(namedSource(from, options())).rejects.toThrow(message)
  })
})
