import { type ChildProcess, fork } from 'node:child_process'
import { join, relative } from 'node:path'
import { renderTable } from '../analysis/tables'
import { setup } from '../environment/setup'
import { InterruptedError } from '../errors'
import type { Experiment } from '../experiments/definition'
import { EXPERIMENTS } from '../experiments/paper'
import { planExperiments } from '../experiments/plan'
import { runExperiments } from '../experiments/run-experiments'
import { runTasks, type TaskWatcher } from '../experiments/run-tasks'
import type { Scale } from '../experiments/scale'
import { type Task, tasksOf } from '../experiments/tasks'
import { given } from '../files/given'
import { liveLine } from '../terminal/live-line'
import { print, say } from '../terminal/print'
import { formatDuration } from '../terminal/training-line'
import { interruptible } from './interruption'

export interface ExperimentCommandOptions {
  readonly seeds: number
  readonly testImages?: number
  readonly workers: number
  readonly output?: string
  readonly device: string
  readonly threads: number
  readonly python?: string
  readonly plan?: boolean
  readonly quick?: boolean
  readonly shorten?: number
  readonly n?: number
  readonly denoiser?: string
  readonly classifier?: string
  readonly resnet110?: string
  readonly data?: string
}

/** Set in worker processes: they run tasks, and leave results to the runner. */
const WORKER = 'FT_CADIS_EXPERIMENT_WORKER'

export function listExperiments(): void {
  const rows = EXPERIMENTS.map(({ name, source, varies }) => [name, source, varies])
  const columns = [{ header: 'experiment' }, { header: 'paper' }, { header: 'what varies' }]
  print(renderTable({ caption: 'Experiments; all runs those of the paper', columns, rows }, 'terminal'))
}

/** Returns whether to print a plan without opening data or networks. */
export function isPlannedByName(
  experiments: readonly Experiment[],
  { plan }: Pick<ExperimentCommandOptions, 'plan'>,
): boolean {
  return plan === true && experiments.every(experiment => experiment.plan !== undefined)
}

/** Returns the scale with what `--quick`, `--shorten` and `--n` change. */
function changed(
  scale: Scale,
  { quick, shorten, n }: Pick<ExperimentCommandOptions, 'quick' | 'shorten' | 'n'>,
): Scale {
  const { sigmas, differs } = scale
  const middle = Math.floor(sigmas.length / 2)
  const changes = [
    ...(shorten === undefined ? [] : [`Every training has 1/${shorten} of its epochs.`]),
    ...(n === undefined ? [] : [`Certification takes n = ${n}.`]),
  ]
  return {
    ...scale,
    ...given({ shorten, n }),
    sigmas: quick === true ? sigmas.slice(middle, middle + 1) : sigmas,
    differs: [differs, ...changes].join(' '),
  }
}

/** Runs or plans experiments, and prints their tables. */
export async function runExperimentCommand(
  experiments: readonly Experiment[],
  {
    scale: whole,
    output,
    ...options
  }: ExperimentCommandOptions & { readonly scale: Scale; readonly output: string },
): Promise<void> {
  const scale = changed(whole, options)
  const { python, device, threads, testImages, workers, plan } = options
  const seeds = Array.from({ length: options.seeds }, (_, seed) => seed)
  const settings = { scale, output, seeds, testImages, python, device, threads }
  if (isPlannedByName(experiments, options)) {
    for (const { plan: told } of experiments) if (told) print(renderTable(told(settings), 'terminal'))
    return
  }
  const isWorker = process.env[WORKER] !== undefined
  if (!isWorker) await setup({ python, onLine: line => say(line) })
  if (plan === true) {
    const { table, leftMs } = await planExperiments(experiments, settings)
    print(renderTable(table, 'terminal'))
    print(
      leftMs === null
        ? 'how long it takes can be measured once the networks are made'
        : `about ${formatDuration(leftMs)} in one process`,
    )
    return
  }
  await interruptible('the task under way stops where it can continue', async signal => {
    if (isWorker) {
      const watcher = taskLines({ isLive: false })
      const tasks = tasksOf(experiments, settings)
      try {
        await runTasks(tasks, { ...settings, ...watcher, signal: untilDisconnected(signal) })
      } catch (error) {
        // The runner has its result, or reports why it stops.
        if (!(error instanceof InterruptedError)) throw error
      } finally {
        // The channel to the runner would keep both processes alive.
        if (process.connected) process.disconnect?.()
      }
      return
    }
    const others = Array.from({ length: workers - 1 }, startWorker)
    const watcher = taskLines({ isLive: process.stderr.isTTY && workers === 1 })
    try {
      const results = await runExperiments(experiments, { ...settings, ...watcher, signal })
      watcher.stop()
      for (const { folder, tables } of results) {
        for (const table of tables) print(`${renderTable(table, 'terminal')}\n`)
        print(`page: ${relative(process.cwd(), join(folder, 'experiment.html'))}\n`)
      }
      print(scale.differs)
    } finally {
      watcher.stop()
      for (const other of others) if (other.connected) other.disconnect()
    }
  })
}

/** Starts another process of this command. */
function startWorker(): ChildProcess {
  const [, program = '', ...words] = process.argv
  return fork(program, words, { env: { ...process.env, [WORKER]: '1' } })
}

/** Returns a signal that also aborts when the parent process disconnects or ends. */
function untilDisconnected(signal: AbortSignal): AbortSignal {
  const controller = new AbortController()
  process.once('disconnect', () => controller.abort('SIGTERM'))
  return AbortSignal.any([signal, controller.signal])
}

/** Prints a line per finished task; on a terminal also the progress of the current task. */
function taskLines({ isLive }: { readonly isLive: boolean }): TaskWatcher & { readonly stop: () => void } {
  const live = isLive ? liveLine() : undefined
  let label = ''
  let begunMs = 0
  let isStopped = false
  const show = (figures: string) => live?.show(columns => `${label}: ${figures}`.slice(0, columns))
  return {
    onTask: (task, { done, of }) => {
      label = `[${done + 1}/${of}] ${describe(task)}`
      begunMs = performance.now()
      show('…')
    },
    onUpdate: ({ step, steps, loss }) => show(`update ${step} of ${steps}, loss ${loss.toFixed(3)}`),
    onImage: done => show(`${done} images`),
    onTaskEnd: () => {
      const text = `${label}: ${formatDuration(performance.now() - begunMs)}`
      if (live === undefined) say(text)
      else live.print(text)
    },
    stop: () => {
      if (!isStopped) live?.stop()
      isStopped = true
    },
  }
}

function describe(task: Task): string {
  switch (task.kind) {
    case 'prepare':
      return task.preparation.label
    case 'choose':
      return 'choosing test images'
    case 'train': {
      const { arm, sigma } = task.arm
      return `${arm.label}${arm.sigma === undefined ? `, σ = ${sigma}` : ''}, seed ${task.seed}`
    }
    case 'certify':
      return `certifying ${task.arms.length} arms, σ = ${task.arms[0]?.sigma}, seed ${task.seed}`
    case 'draw':
      return `denoised images of ${task.experiment.name}`
  }
}
