/**
 * Thousands of updates of a small digits run, to see whether memory, file handles or live tensors grow.
 *
 *     node --expose-gc -r ts-node/register bench/training/soak.ts --steps 5000 --json bench/results/soak.json
 *
 * With --expose-gc garbage is collected before each sample, so that what remains of Node's heap is what is held on to.
 */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, finetune, presets } from '../../src'
import { parseNumber } from '../../src/cli/option-values'
import { createProgram, runMain } from '../../src/cli/program'
import { writeOutput } from '../../src/cli/write-output'

interface Sample {
  readonly step: number
  /** Resident megabytes. */
  readonly nodeMb: number
  /** Megabytes of JavaScript's heap and of buffers outside of it, after a collection where there is one. */
  readonly nodeHeapMb: number
  readonly pythonMb: number
  readonly nodeHandles: number
  readonly pythonHandles: number
  readonly liveTensors: number
}

/** Where growth can be told from warming up. */
const WARM_UP_SHARE = 0.2

async function residentMb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024
}

/** Slope by least squares of a figure over steps, for a thousand of them. */
function slopePerThousand(samples: readonly Sample[], figure: keyof Sample): number {
  const steps = samples.map(({ step }) => step)
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  const [meanStep, meanValue] = [mean(steps), mean(samples.map(sample => sample[figure]))]
  const covariance = mean(samples.map(sample => (sample.step - meanStep) * (sample[figure] - meanValue)))
  return (1000 * covariance) / mean(steps.map(step => (step - meanStep) ** 2))
}

void runMain(async () => {
  const program = createProgram('soak', 'Watch memory and handles over thousands of updates.')
    .option('--steps <count>', 'updates', parseNumber({ min: 20, integer: true }), 5000)
    .option('--json <file>', 'where the samples are written as well')
    .option('--python <path>', 'Python interpreter to use')
  const { steps, json, python } = program.parse().opts<{ steps: number; json?: string; python?: string }>()
  const output = await mkdtemp(join(tmpdir(), 'ft-cadis-soak-'))
  const samples: Sample[] = []
  try {
    await using session = await connect({ python, device: 'cpu', threads: 1 })
    const base = presets.digits({ output })
    await finetune(
      session,
      {
        ...base,
        method: { ...base.method, noises: 2, attack: { ...base.method.attack, steps: 1 } },
        optimisation: { ...base.optimisation, imagesPerUpdate: 8, epochs: Math.ceil(steps / 150) },
      },
      {
        stopAfterUpdates: steps,
        evaluationImages: 16,
        progress: false,
        onUpdate: async ({ step, liveTensors }) => {
          if (step % Math.ceil(steps / 100) !== 0) return
          globalThis.gc?.()
          const { heapUsed, external } = process.memoryUsage()
          samples.push({
            step,
            nodeHeapMb: (heapUsed + external) / 2 ** 20,
            nodeMb: await residentMb(process.pid),
            pythonMb: await residentMb(session.pid),
            nodeHandles: (await readdir('/proc/self/fd')).length,
            pythonHandles: (await readdir(`/proc/${session.pid}/fd`)).length,
            liveTensors,
          })
        },
      },
    )
  } finally {
    await rm(output, { recursive: true })
  }
  const warm = samples.filter(({ step }) => step > WARM_UP_SHARE * steps)
  const [first, last] = [warm[0], warm.at(-1)]
  for (const figure of [
    'nodeMb',
    'nodeHeapMb',
    'pythonMb',
    'nodeHandles',
    'pythonHandles',
    'liveTensors',
  ] as const) {
    const slope = slopePerThousand(warm, figure)
    console.log(
      `${figure}: ${first?.[figure].toFixed(1)} at step ${first?.step}, ${last?.[figure].toFixed(1)} at step ${last?.step}, ` +
        `slope ${slope.toFixed(3)} in 1,000 steps`,
    )
  }
  if (json !== undefined) await writeOutput(json, `${JSON.stringify({ steps, samples }, null, 1)}\n`)
})
