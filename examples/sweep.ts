/**
 * A sweep over λ and ε on the digits, in the manner of Appendix B.3: trains and certifies every point of the grid, and
 * tabulates it. What is done already is not done again, so a sweep that was stopped continues where it was.
 *
 *     npx ts-node examples/sweep.ts --lambda 1,2,4 --epsilon 0.25,0.5 --test-images 50
 */
import { join } from 'node:path'
import {
  certifyDataset,
  connect,
  finetune,
  presets,
  type RunConfig,
  runProgram,
  type Session,
  setup,
  torch,
} from 'ft-cadis'
import { accuracyTable, type LabelledLogs, readCertificationLog, renderTable } from 'ft-cadis/analysis'

/** Trains one point of the grid, or loads it, and certifies it, or reads the rows that it has. */
async function runPoint(
  session: Session,
  config: RunConfig,
  { testImages, signal }: { testImages: number; signal: AbortSignal },
): Promise<LabelledLogs['logs'][number]> {
  const { output, certification } = config
  const log = join(output, 'certify.tsv')
  const { networks, smoothing } = await finetune(session, config, {
    existing: 'resume',
    signal,
    progress: true,
  })
  const { classifier } = networks
  const dataset = await torch.openDataset(session, { source: 'digits', split: 'test' })
  await certifyDataset(
    { smoothing, dataset, arms: [{ classifier, log, name: output }] },
    {
      certification,
      indices: Array.from({ length: testImages }, (_, index) => index),
      signal,
    },
  )
  session.free([networks, smoothing, dataset])
  return (await readCertificationLog(log)).rows
}

const program = {
  name: 'sweep',
  description: 'Train and certify a grid of λ and ε on the digits.',
  options: {
    lambda: {
      type: 'numbers',
      value: 'values',
      description: 'weights of the adversarial loss',
      min: 0,
      default: [1, 2, 4],
    },
    epsilon: {
      type: 'numbers',
      value: 'values',
      description: 'radii of the attack',
      min: 0.01,
      default: [0.25, 0.5],
    },
    epochs: { type: 'number', description: 'epochs of each run', min: 1, integer: true, default: 12 },
    testImages: {
      type: 'number',
      description: 'test images to certify',
      min: 1,
      max: 597,
      integer: true,
      default: 50,
    },
    output: {
      type: 'string',
      value: 'folder',
      description: 'folder of the runs',
      default: join('runs', 'sweep'),
    },
    python: { type: 'string', value: 'path', description: 'Python interpreter to use' },
  },
  stopping: 'the update or the image under way is finished',
} as const

void runProgram(program, async (options, { signal }) => {
  const { lambda: lambdas, epsilon: epsilons, epochs, testImages, output, python } = options
  await setup({ python, onLine: line => console.error(line) })
  await using session = await connect({ python, threads: 1 })
  const base = presets.digits({ output })
  const arms: LabelledLogs[] = []
  for (const lambda of lambdas) {
    for (const epsilon of epsilons) {
      const label = `λ = ${lambda}, ε = ${epsilon}`
      console.error(label)
      const config: RunConfig = {
        ...base,
        method: { ...base.method, lambda, attack: { ...base.method.attack, epsilon } },
        optimisation: { ...base.optimisation, epochs },
        output: join(output, `lambda-${lambda}-epsilon-${epsilon}`),
      }
      arms.push({ label, logs: [await runPoint(session, config, { testImages, signal })] })
    }
  }
  console.log(renderTable(accuracyTable(arms, [0, 0.25, 0.5, 0.75]), 'terminal'))
})
