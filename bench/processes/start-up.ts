import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { connect } from '../../src'
import { resolveInterpreter } from '../../src/environment/interpreter'
import { median } from '../statistics'
import { PythonSide } from '../training/python-side'
import { TypeScriptSide } from '../training/typescript-side'
import { AS_IT_IS, plannedUpdate, workload } from '../training/workload'

/** The program as it is installed. */
const MAIN = join(__dirname, '..', '..', 'dist', 'cli', 'main.js')

const REPETITIONS = 5
const LOG_ROWS = 10_000

async function secondsOf(words: readonly string[]): Promise<number> {
  const begunMs = performance.now()
  await execa(process.execPath, [MAIN, ...words])
  return (performance.now() - begunMs) / 1000
}

async function medianSeconds(words: readonly string[]): Promise<number> {
  const times: number[] = []
  for (let repetition = 0; repetition < REPETITIONS; repetition += 1) times.push(await secondsOf(words))
  return median(times)
}

/** Seconds until commands that need no Python are done: `--help`, and `analyze` of a log of 10,000 rows. */
export async function commandSeconds(): Promise<{ help: number; analyze: number }> {
  const folder = await mkdtemp(join(tmpdir(), 'ft-cadis-bench-'))
  try {
    const log = join(folder, 'log.tsv')
    const rows = Array.from({ length: LOG_ROWS }, (_, index) => {
      const radius = ((index * 7919) % LOG_ROWS) / LOG_ROWS
      return [index, index % 10, index % 10, radius.toFixed(3), 1, '0:00:01.000000'].join('\t')
    })
    await writeFile(log, `idx\tlabel\tpredict\tradius\tcorrect\ttime\n${rows.join('\n')}\n`)
    return { help: await medianSeconds(['--help']), analyze: await medianSeconds(['analyze', log]) }
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** Seconds from nothing to the first optimizer step of the digits, Python's own start and imports included. */
export async function firstStepSeconds(options: {
  readonly python?: string | undefined
  readonly device: string
  readonly threads: number
}): Promise<{ typescript: number; python: number }> {
  const work = workload('digits')
  const interpreter = await resolveInterpreter(options)
  const times = { typescript: [] as number[], python: [] as number[] }
  for (let repetition = 0; repetition < 2; repetition += 1) {
    const begunMs = performance.now()
    await using session = await connect({ ...options, python: interpreter.path })
    const typescript = await TypeScriptSide.start(session, work)
    const { level, groups, updatesPerEpoch } = typescript
    const update = plannedUpdate(0, work, { groups, updatesPerEpoch, mode: AS_IT_IS })
    await typescript.update(update)
    await session.flush()
    times.typescript.push((performance.now() - begunMs) / 1000)

    const pythonBegunMs = performance.now()
    const { device } = session.info
    await using loop = await PythonSide.start({
      ...{ workload: work, interpreter: interpreter.path, device, threads: options.threads, level, groups },
    })
    await loop.update(update)
    times.python.push((performance.now() - pythonBegunMs) / 1000)
  }
  return { typescript: median(times.typescript), python: median(times.python) }
}
