import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect, type Session } from '../bridge'
import { trainedBy } from '../config/methods/trained'
import type { RunConfig } from '../config/schema'
import { ConfigError, InterruptedError } from '../errors'
import { lock } from '../files/lock'
import type { UpdateReport } from '../runs/reports'
import { loadSmoothingDenoiser } from '../smoothing/load-networks'
import { datasetSpec } from '../smoothing/specs'
import { type AnyDenoiser, openDataset } from '../torch'
import { certifiedOf } from './arm-identity'
import { certifyArms, classifierOf } from './certify-arms'
import { imageSamples, writeImageSamples } from './image-samples'
import { certificationLock, preparationLock, stateOf, type Task, type TaskOptions } from './tasks'
import { chooseTestImages, testImagesOf } from './test-images'
import { trainArm } from './train-arm'

/** Called as tasks progress. */
export interface TaskWatcher {
  /** Called before a task starts, with the number of completed tasks. */
  readonly onTask?: (task: Task, place: { readonly done: number; readonly of: number }) => void
  readonly onUpdate?: (report: UpdateReport) => void
  readonly onImage?: (done: number) => void
  readonly onTaskEnd?: (task: Task) => void
}

export interface RunTasksOptions extends Pick<TaskOptions, 'scale'>, TaskWatcher {
  /** The session for the work. Default: a new session, made from the next three options. */
  readonly session?: Session | undefined
  readonly python?: string | undefined
  readonly device?: string | undefined
  readonly threads?: number | undefined
  readonly signal?: AbortSignal | undefined
}

/** Interval between checks for the completion of other processes. */
const WAIT_MS = 2_000

/** Another process may finish something while states are read one after the other. */
const IDLE_ROUNDS = 2

/**
 * Runs the remaining tasks. Several processes may do so at once, each on tasks that no other has claimed; resolves when everything is done,
 * by any process. After a kill, the same call continues.
 *
 * @throws InterruptedError if `signal` is aborted
 */
export async function runTasks(tasks: readonly Task[], options: RunTasksOptions): Promise<void> {
  const { signal, onTask, onTaskEnd } = options
  let worker: Worker | undefined
  let idleRounds = 0
  try {
    for (;;) {
      if (signal?.aborted) throw interrupted(signal)
      const states = await Promise.all(tasks.map(task => stateOf(task, options)))
      if (states.every(state => state === 'done')) return
      const task = tasks[states.indexOf('ready')]
      if (task === undefined) {
        idleRounds = states.includes('busy') ? 0 : idleRounds + 1
        if (idleRounds > IDLE_ROUNDS) throw stuck()
        await sleep(WAIT_MS)
        continue
      }
      idleRounds = 0
      worker ??= await Worker.start(options)
      onTask?.(task, { done: states.filter(state => state === 'done').length, of: tasks.length })
      if (await worker.run(task)) onTaskEnd?.(task)
    }
  } finally {
    await worker?.close()
  }
}

function stuck(): ConfigError {
  return new ConfigError('What is left of the experiments waits for something that nobody makes.', {
    remedy: 'Remove the folder of the experiments, and begin again.',
  })
}

function interrupted({ reason }: AbortSignal): InterruptedError {
  return new InterruptedError(String(reason), {
    what: `The experiments stopped (${reason})`,
    remedy: 'The same command continues from there.',
  })
}

/** A session, with the networks that tasks share. */
class Worker {
  #denoiser: { readonly key: string; readonly denoiser: AnyDenoiser | null } | undefined

  private constructor(
    readonly session: Session,
    readonly options: RunTasksOptions,
  ) {}

  static async start(options: RunTasksOptions): Promise<Worker> {
    const { session, python, device, threads } = options
    return new Worker(session ?? (await connect({ python, device, threads })), options)
  }

  async close(): Promise<void> {
    this.session.free(this.#denoiser?.denoiser)
    if (this.options.session === undefined) await this.session[Symbol.asyncDispose]()
  }

  /** @returns false if another process was faster */
  async run(task: Task): Promise<boolean> {
    try {
      await this.#run(task)
      return true
    } catch (error) {
      if (error instanceof ConfigError && (await stateOf(task, this.options)) !== 'ready') return false
      throw error
    }
  }

  async #run(task: Task): Promise<void> {
    const { session, options } = this
    const { signal, onUpdate, onImage } = options
    switch (task.kind) {
      case 'prepare':
        return this.#prepare(task)
      case 'choose':
        return chooseTestImages(session, task.arm, task.output)
      case 'train': {
        // A denoiser to train is loaded by its run.
        const isShared = trainedBy(task.arm.config.method.kind) !== 'denoiser'
        const denoiser = isShared ? await this.#denoiserOf(task.arm) : null
        return trainArm(session, task.arm, {
          seed: task.seed,
          denoiser: denoiser ?? undefined,
          signal,
          ...(onUpdate && { onUpdate }),
        })
      }
      case 'certify': {
        const [first] = task.arms
        if (first === undefined) return
        const denoiser = await this.#denoiserOf({ config: await certifiedOf(first, task.seed) })
        const indices = (await testImagesOf(first, task.output)) ?? []
        return certifyArms(session, task.arms, {
          ...{ denoiser, seed: task.seed, indices, signal, lock: certificationLock(task) },
          ...(onImage && { onImage }),
        })
      }
      case 'draw':
        return this.#draw(task)
    }
  }

  async #prepare({ preparation }: Task & { kind: 'prepare' }): Promise<void> {
    const path = preparationLock(preparation)
    await mkdir(dirname(path), { recursive: true })
    const held = await lock(path, `preparation ${path}`)
    try {
      if ((await stateOf({ kind: 'prepare', preparation }, this.options)) !== 'done') {
        await preparation.prepare(this.session)
      }
    } finally {
      await held.release()
    }
  }

  async #draw({ experiment, arms, seed, output }: Task & { kind: 'draw' }): Promise<void> {
    const [first] = arms
    if (first === undefined) return
    const { session } = this
    const denoiser = await this.#denoiserOf(first)
    const dataset = await openDataset(session, datasetSpec(first.config.data, 'test'))
    const indices = await session.compute(() => dataset.onePerClass({ seed }))
    const asked = await Promise.all(
      arms.map(async arm => ({ arm, classifier: await classifierOf(session, arm, seed) })),
    )
    try {
      const samples = await imageSamples({ denoiser, dataset }, { arms: asked, indices, seed })
      await writeImageSamples(experiment, { output, samples })
    } finally {
      session.free([dataset, asked.map(({ classifier }) => classifier)])
    }
  }

  /** Loaded once for arms that share it. */
  async #denoiserOf({
    config: { smoothing },
  }: {
    readonly config: Pick<RunConfig, 'smoothing'>
  }): Promise<AnyDenoiser | null> {
    const key = JSON.stringify(smoothing.denoiser)
    if (this.#denoiser?.key !== key) {
      this.session.free(this.#denoiser?.denoiser)
      this.#denoiser = { key, denoiser: await loadSmoothingDenoiser(this.session, smoothing) }
    }
    return this.#denoiser.denoiser
  }
}
