import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'

/** How much faster two processes are than one, each pinned to its own core. */

const MAIN = join(__dirname, '..', '..', 'dist', 'cli', 'main.js')
const TS_NODE = require.resolve('ts-node/dist/bin')
const WORKER = join(__dirname, 'scaling-worker.ts')

/** Programs are checked elsewhere. */
const env = { TS_NODE_TRANSPILE_ONLY: '1' }

/** Certification by that many processes, each with its share of the images. */
async function certifySeconds(processes: number, python: string): Promise<number> {
  const workers = Array.from({ length: processes }, (_, share) =>
    execa(process.execPath, [TS_NODE, WORKER, 'certify', python, `${share}`, `${processes}`], {
      env,
      stdin: 'pipe',
      buffer: false,
    }),
  )
  await Promise.all(workers.map(worker => Promise.race([once(worker.stdout, 'data'), worker])))
  const begunMs = performance.now()
  for (const worker of workers) worker.stdin.write('go\n')
  await Promise.all(workers.map(worker => Promise.race([once(worker.stdout, 'data'), worker])))
  const seconds = (performance.now() - begunMs) / 1000
  await Promise.all(workers)
  return seconds
}

/** Updates of one fine-tuning by that many ranks; each update has two micro-batches. */
async function finetuneSeconds(processes: number, python: string): Promise<number> {
  const output = await mkdtemp(join(tmpdir(), 'ft-cadis-bench-'))
  try {
    const words = ['launch', '--nproc-per-node', `${processes}`, '--python', python, '--', WORKER]
    const { stdout } = await execa(process.execPath, [MAIN, ...words, 'train', python, output], { env })
    return Number(/^seconds (.*)$/m.exec(stdout)?.[1])
  } finally {
    await rm(output, { recursive: true })
  }
}

/** Seconds of one process and of two, which run in turn. */
export interface Scaling {
  readonly certification: readonly Pair[]
  readonly finetuning: readonly Pair[]
}

interface Pair {
  readonly one: number
  readonly two: number
}

/** How often each is measured. */
const TIMES = 2

async function pairs(seconds: (processes: number) => Promise<number>): Promise<Pair[]> {
  const measured: Pair[] = []
  for (let time = 0; time < TIMES; time += 1) {
    measured.push({ one: await seconds(1), two: await seconds(2) })
  }
  return measured
}

/** What one process takes for the work, and what two take. */
export async function scalingOfTwo(python: string): Promise<Scaling> {
  return {
    certification: await pairs(processes => certifySeconds(processes, python)),
    finetuning: await pairs(processes => finetuneSeconds(processes, python)),
  }
}
