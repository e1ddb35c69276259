import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { connect } from '../../src'
import { allocatorEnvironment } from '../../src/bridge/allocator'
import { resolveInterpreter } from '../../src/environment/interpreter'
import { setupRequest, updateRequest } from '../training/python-side'
import { TypeScriptSide } from '../training/typescript-side'
import { AS_IT_IS, plannedUpdate, workload } from '../training/workload'

/** Whole processes from start to end, by GNU time: updates of the digits in TypeScript, and the same in the plain Python loop. */

const TIME = '/usr/bin/time'

/** The package as it is installed, in plain JavaScript; prints the peak of Node itself, since time knows the largest process alone. */
const PROGRAM = `
const { connect, finetune, presets } = require(${JSON.stringify(join(__dirname, '..', '..', 'dist'))})
const [python, updates, output, device, threads] = process.argv.slice(1)
void (async () => {
  const session = await connect({ python, device, threads: Number(threads) })
  try {
    const config = presets.digits({ output })
    await finetune(session, config, { stopAfterUpdates: Number(updates), updatesOnly: true })
  } finally {
    await session.close()
  }
  console.log(process.resourceUsage().maxRSS)
})()
`

export interface WholeProcess {
  readonly elapsedSeconds: number
  /** User and system time, of all processes. */
  readonly cpuSeconds: number
  /** Of the largest process. */
  readonly peakMegabytes: number
}

export interface WholeProcesses {
  readonly updates: number
  readonly typescript: WholeProcess & { readonly nodePeakMegabytes: number }
  readonly python: WholeProcess
}

/** @param updates - How many are taken; the starts of both sides count too. */
export async function wholeProcesses(
  updates: number,
  options: { readonly python?: string | undefined; readonly device: string; readonly threads: number },
): Promise<WholeProcesses> {
  const interpreter = await resolveInterpreter(options)
  const requests = await loopRequests(updates, { ...options, python: interpreter.path })
  const folder = await mkdtemp(join(tmpdir(), 'ft-cadis-bench-'))
  const timed = async (command: readonly string[], input?: string) => {
    const report = join(folder, 'time.txt')
    const { stdout } = await execa(TIME, ['-v', '-o', report, ...command], {
      env: allocatorEnvironment(),
      ...(input === undefined ? {} : { input }),
    })
    return { stdout, figures: figuresOf(await readFile(report, 'utf8')) }
  }
  try {
    const words = [interpreter.path, `${updates}`, join(folder, 'run'), options.device, `${options.threads}`]
    const typescript = await timed([process.execPath, '-e', PROGRAM, ...words])
    const python = await timed(
      [interpreter.path, join(__dirname, '..', 'training', 'python_loop.py')],
      requests,
    )
    const nodePeakMegabytes = Number(typescript.stdout.trim().split('\n').at(-1)) / 1024
    return {
      updates,
      typescript: { ...typescript.figures, nodePeakMegabytes },
      python: python.figures,
    }
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** What `python_loop.py` is told for the first updates. */
async function loopRequests(
  updates: number,
  options: { readonly python: string; readonly device: string; readonly threads: number },
): Promise<string> {
  const work = workload('digits')
  await using session = await connect(options)
  const { level, groups, updatesPerEpoch } = await TypeScriptSide.start(session, work)
  const { device } = session.info
  const setup = setupRequest({ workload: work, device, threads: options.threads, level, groups })
  const lines = Array.from({ length: updates }, (_, number) =>
    updateRequest(plannedUpdate(number, work, { groups, updatesPerEpoch, mode: AS_IT_IS }), work),
  )
  return [setup, ...lines].map(line => `${JSON.stringify(line)}\n`).join('')
}

function figuresOf(report: string): WholeProcess {
  const value = (label: string) => new RegExp(`^\\s*${label}: (.*)$`, 'm').exec(report)?.[1] ?? ''
  const clock = value('Elapsed \\(wall clock\\) time .*?').split(':').map(Number)
  return {
    elapsedSeconds: clock.reduce((seconds, part) => 60 * seconds + part, 0),
    cpuSeconds: Number(value('User time \\(seconds\\)')) + Number(value('System time \\(seconds\\)')),
    peakMegabytes: Number(value('Maximum resident set size \\(kbytes\\)')) / 1024,
  }
}
