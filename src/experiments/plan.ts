import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Table } from '../analysis/tables'
import { connect, type Session } from '../bridge'
import { certifyDataset } from '../certification/certify-dataset'
import { makeTemporaryFolder } from '../files/temporary-folder'
import { readCertificationLog } from '../logs/certification-log-file'
import { findObjective } from '../objectives/registry'
import { planRun, timesImages } from '../runs/plan-run'
import { readRun } from '../runs/read-run'
import type { UpdateReport } from '../runs/reports'
import { loadBaseClassifier, loadSmoothingDenoiser } from '../smoothing/load-networks'
import { smoothingOf } from '../smoothing/smoothing'
import { datasetSpec } from '../smoothing/specs'
import { openDataset } from '../torch'
import { finetune } from '../training/train'
import { areSame, distinctArms, logPath, type ResolvedArm, seedFolder } from './arms'
import { medianUpdateMs } from './cost-tables'
import type { Experiment } from './definition'
import type { RunTasksOptions } from './run-tasks'
import { hasNetworks, stateOf, type Task, type TaskOptions, tasksOf } from './tasks'
import { testImagesOf } from './test-images'

/** Updates to measure one; the first is slower. */
const MEASURED_UPDATES = 4

export interface ExperimentPlan {
  /** One row per arm, and one for each network to make first. */
  readonly table: Table
  /** Total time left in one process, without the networks to make first; null if no arm can be measured yet. */
  readonly leftMs: number | null
}

/**
 * Plans experiments, with times from a step and an image measured here, or from existing runs. Measures the first arm with available
 * networks. Trains and certifies nothing that counts.
 */
export async function planExperiments(
  experiments: readonly Experiment[],
  options: TaskOptions & Pick<RunTasksOptions, 'python' | 'device' | 'threads'>,
): Promise<ExperimentPlan> {
  const { python, device, threads } = options
  const tasks = tasksOf(experiments, options)
  const states = await Promise.all(tasks.map(task => stateOf(task, options)))
  const arms = armsOf(tasks)
  await using session = await connect({ python, device, threads })
  const [first] = arms
  if (first === undefined) return { table: tableOf([], [], 0), leftMs: 0 }
  const dataset = await openDataset(session, datasetSpec(first.config.data, 'train'))
  const trainImages = dataset.description.length
  session.free(dataset)
  const measured = await firstWithNetworks(arms, options)
  const step = measured && (await measureStep(session, measured))
  const image = measured && (await measureImage(session, measured))
  const testImages = (await testImagesOf(first, options.output))?.length ?? options.testImages

  const rows: PlanRow[] = []
  for (const arm of arms) {
    const own = (kind: Task['kind']) =>
      tasks.filter((task, position) => isOf(task, kind, arm) && states[position] !== 'done')
    const updates = arm.isTrained ? planRun(arm.config, { trainImages }).updates : 0
    const updateMs = arm.isTrained ? ((await measuredBefore(arm, options)) ?? step?.of(arm) ?? null) : 0
    const trainings = own('train').length
    const uncertified: number[] = []
    for (const task of own('certify')) {
      if (task.kind === 'certify' && !(await hasLog(arm, task.seed))) uncertified.push(task.seed)
    }
    const images = (testImages ?? 0) * uncertified.length
    rows.push({
      arm,
      updates,
      updateMs,
      trainings,
      images,
      leftMs:
        image === undefined || updateMs === null
          ? null
          : trainings * updates * updateMs + images * ownMs(arm, image),
    })
  }
  // The denoiser runs once for all arms of a noise level and seed.
  const groups = tasks.filter(
    (task, position) => task.kind === 'certify' && states[position] !== 'done',
  ).length
  const denoisingMs = image === undefined ? null : groups * (testImages ?? 0) * image.denoiserMs
  const networks = tasks.flatMap((task, position) =>
    task.kind === 'prepare' && states[position] !== 'done' ? task.preparation.label : [],
  )
  const leftMs = [...rows.map(row => row.leftMs), denoisingMs].reduce(
    (sum, ms) => (sum === null || ms === null ? null : sum + ms),
    0,
  )
  return { table: tableOf(networks, rows, denoisingMs), leftMs }
}

interface PlanRow {
  readonly arm: ResolvedArm
  readonly updates: number
  readonly updateMs: number | null
  /** Seeds to train. */
  readonly trainings: number
  /** Images to certify, over all seeds. */
  readonly images: number
  readonly leftMs: number | null
}

function tableOf(networks: readonly string[], rows: readonly PlanRow[], denoisingMs: number | null): Table {
  const minutes = (ms: number | null) => (ms === null ? null : ms / 60_000)
  return {
    caption: 'What is left to do, and about how long it takes in one process',
    columns: [
      { header: 'arm' },
      { header: 'σ' },
      { header: 'updates', digits: 0 },
      { header: 'update (ms)', digits: 0 },
      { header: 'seeds to train', digits: 0 },
      { header: 'images to certify', digits: 0 },
      { header: 'minutes', digits: 1 },
    ],
    rows: [
      ...networks.map(label => [`made first: ${label}`, null, null, null, null, null, null]),
      ...rows.map(({ arm, updates, updateMs, trainings, images, leftMs }) => [
        arm.arm.label,
        arm.sigma,
        updates,
        updateMs,
        trainings,
        images,
        minutes(leftMs),
      ]),
      ['denoising the test images', null, null, null, null, null, minutes(denoisingMs)],
    ],
  }
}

function armsOf(tasks: readonly Task[]): ResolvedArm[] {
  const arms = tasks.flatMap(task => (task.kind === 'certify' ? task.arms : []))
  return distinctArms(arms)
}

async function firstWithNetworks(
  arms: readonly ResolvedArm[],
  { scale }: TaskOptions,
): Promise<ResolvedArm | undefined> {
  for (const arm of arms) if (await hasNetworks([arm], scale)) return arm
  return undefined
}

function isOf(task: Task, kind: Task['kind'], own: ResolvedArm): boolean {
  if (task.kind !== kind) return false
  if (task.kind === 'train') return areSame(task.arm, own)
  return task.kind === 'certify' && task.arms.some(arm => areSame(arm, own))
}

/** Returns an image's cost besides its part of the shared denoising: a copy may have several looks. */
function ownMs(
  { config }: ResolvedArm,
  { classifierMs, denoiserMs }: { readonly classifierMs: number; readonly denoiserMs: number },
): number {
  const { purify } = config.certification
  if (purify.kind === 'once') return classifierMs
  const denoised = purify.kind === 'reverse' ? purify.steps * purify.votes - 1 : 0
  return purify.votes * classifierMs + denoised * denoiserMs
}

async function hasLog(arm: ResolvedArm, seed: number): Promise<boolean> {
  const rows = await readCertificationLog(logPath(arm, seed)).then(
    log => log.rows.length,
    () => 0,
  )
  return rows > 0
}

/** Returns the median update time of an existing run of the arm. */
async function measuredBefore(arm: ResolvedArm, { seeds }: TaskOptions): Promise<number | undefined> {
  for (const seed of seeds) {
    const updates = await readRun(seedFolder(arm, seed)).then(
      run => run.updates,
      () => [],
    )
    if (updates.length > 0) return medianUpdateMs(updates)
  }
  return undefined
}

/** Measures an update of one arm; those of others are in proportion to the largest number of images in their passes. */
async function measureStep(
  session: Session,
  arm: ResolvedArm,
): Promise<{ of: (other: ResolvedArm) => number }> {
  const folder = await makeTemporaryFolder('ft-cadis-plan-')
  try {
    const updates: UpdateReport[] = []
    const { networks, smoothing } = await finetune(
      session,
      { ...arm.config, output: join(folder, 'run') },
      {
        updatesOnly: true,
        progress: false,
        stopAfterUpdates: MEASURED_UPDATES,
        onUpdate: report => void updates.push(report),
      },
    )
    session.free([networks, smoothing])
    const measured = medianUpdateMs(updates.slice(1))
    return { of: other => (measured * work(other)) / work(arm) }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function work({ config }: ResolvedArm): number {
  const { method, optimisation, smoothing } = config
  const context = { usesBatchStatistics: false, hasDenoiser: smoothing.denoiser.source !== 'none' }
  const passes = timesImages(
    optimisation.imagesPerUpdate,
    findObjective(method.kind)(objective => objective.passes(method as never, context)),
  )
  return passes.denoiserForward + passes.classifierForward.most + 2 * passes.classifierBackward.most
}

/** Measures the certification of one image, by one classifier and by two, to separate the cost of denoiser and classifier. */
async function measureImage(
  session: Session,
  { config }: ResolvedArm,
): Promise<{ denoiserMs: number; classifierMs: number }> {
  const folder = await makeTemporaryFolder('ft-cadis-plan-')
  const denoiser = await loadSmoothingDenoiser(session, config.smoothing)
  const smoothing = smoothingOf(denoiser, config.smoothing.sigma)
  const { classifier } = await loadBaseClassifier(session, config.classifier, { randomWeights: 'allowed' })
  const dataset = await openDataset(session, datasetSpec(config.data, 'test'))
  const certification = { ...config.certification, seed: 0 }
  const timeOf = async (arms: number) => {
    const names = Array.from({ length: arms }, (_, position) => `${arms}-${position}`)
    const begunMs = performance.now()
    await certifyDataset(
      {
        smoothing,
        dataset,
        arms: names.map(name => ({ classifier, name, log: join(folder, `${name}.tsv`) })),
      },
      { certification, indices: [0] },
    )
    return performance.now() - begunMs
  }
  try {
    await timeOf(3)
    const [one, two] = [await timeOf(1), await timeOf(2)]
    const classifierMs = Math.max(0, two - one)
    return { classifierMs, denoiserMs: Math.max(0, one - classifierMs) }
  } finally {
    session.free([denoiser, classifier, dataset])
    await rm(folder, { recursive: true, force: true })
  }
}
