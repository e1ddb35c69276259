/**
 * A sweep over λ and ε on the digits, in the manner of Appendix B.3: trains and certifies every point of the grid, and
 * tabulates it. What is done already is not done again, so a sweep that was stopped continues where it was.
 *
 *     npx ts-node examples/sweep.ts --lambda 1,2,4 --epsilon 0.25,0.5 --test-images 50
 */
import { join } from 'node:path'
import {
  accuracyTable,
  type ComparedArm,
  certifyDataset,
  connect,
  finetune,
  presets,
  type RunConfig,
  readCertificationLog,
  renderTable,
  type Session,
  setup,
  torch,
} from '../src'
import { interruptible } from '../src/cli/interruption'
import { parseNumber, parseNumbers } from '../src/cli/option-values'
import { createProgram, runMain } from '../src/cli/program'

interface Options {
  readonly lambda: readonly number[]
  readonly epsilon: readonly number[]
  readonly epochs: number
  readonly testImages: number
  readonly output: string
  readonly python?: string
}

/** Trains one point of the grid, or loads it, and certifies it, or reads the rows that it has. */
async function runPoint(
  session: Session,
  config: RunConfig,
  { testImages, signal }: { testImages: number; signal: AbortSignal },
): Promise<ComparedArm['logs'][number]> {
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

async function sweep(options: Options): Promise<void> {
  const { lambda: lambdas, epsilon: epsilons, epochs, testImages, output, python } = options
  await setup({ python, onLine: line => console.error(line) })
  await using session = await connect({ python, threads: 1 })
  const base = presets.digits({ output })
  const arms: ComparedArm[] = []
  await interruptible('the update or the image under way is finished', async signal => {
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
  })
  console.log(renderTable(accuracyTable(arms, [0, 0.25, 0.5, 0.75]), 'terminal'))
}

void runMain(async () => {
  const program = createProgram('sweep', 'Train and certify a grid of λ and ε on the digits.')
    .option('--lambda <values>', 'weights of the adversarial loss', parseNumbers({ min: 0 }), [1, 2, 4])
    .option('--epsilon <values>', 'radii of the attack', parseNumbers({ min: 0.01 }), [0.25, 0.5])
    .option('--epochs <count>', 'epochs of each run', parseNumber({ min: 1, integer: true }), 12)
    .option(
      '--test-images <count>',
      'test images to certify',
      parseNumber({ min: 1, max: 597, integer: true }),
      50,
    )
    .option('--output <folder>', 'folder of the runs', join('runs', 'sweep'))
    .option('--python <path>', 'Python interpreter to use')
  program.action(async (options: Options) => sweep(options))
  await program.parseAsync()
})
