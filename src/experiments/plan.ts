import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Table } from '../analysis/tables'
import { connect, type Session } from '../bridge'
import { certifyDataset } from '../certification/certify-dataset'
import { readCertificationLog } from '../logs/certification-log-file'
import { planRun, trainingPasses } from '../runs/plan-run'
import { readRun } from '../runs/read-run'
import type { UpdateReport } from '../runs/reports'
import { loadBaseClassifier, loadSmoothingDenoiser } from '../smoothing/load-networks'
import { smoothingOf } from '../smoothing/smoothing'
import { datasetSpec } from '../smoothing/specs'
import { openDataset } from '../torch'
import { finetune } from '../training/train'
import { logPath, type ResolvedArm, seedFolder } from './arms'
import { medianUpdateMs } from './cost-tables'
import type { Experiment } from './definition'
import type { RunTasksOptions } from './run-tasks'
import { stateOf, type Task, type TaskOptions, tasksOf } from './tasks'
import { testImagesOf } from './test-images'

/** Updates that are taken to measure one; the first is slower. */
const MEASURED_UPDATES = 4

export interface ExperimentPlan {
  /** A row an arm. */
  readonly table: Table
  /** Of all that is left, in one process. */
  readonly leftMs: number
}

/**
 * What experiments would do, and how long that takes by a step and an image that are measured here, or were measured in
 * runs that are there. Nothing is trained or certified that counts.
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
  if (first === undefined) return { table: tableOf([], 0), leftMs: 0 }
  const dataset = await openDataset(session, datasetSpec(first.config.data, 'train'))
  const trainImages = dataset.description.length
  session.free(dataset)
  const step = await measureStep(session, first)
  const image = await measureImage(session, first)
  const testImages = (await testImagesOf(first, options.output))?.length ?? options.testImages

  const rows: PlanRow[] = []
  for (const arm of arms) {
    const own = (kind: Task['kind']) =>
      tasks.filter((task, position) => isOf(task, kind, arm) && states[position] !== 'done')
    const updates = arm.isTrained ? planRun(arm.config, { trainImages }).updates : 0
    const updateMs = arm.isTrained ? ((await measuredBefore(arm, options)) ?? step.of(arm)) : 0
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
      leftMs: trainings * updates * updateMs + images * image.classifierMs,
    })
  }
  // The denoiser runs once for all arms of a noise level and seed.
  const groups = tasks.filter(
    (task, position) => task.kind === 'certify' && states[position] !== 'done',
  ).length
  const denoisingMs = groups * (testImages ?? 0) * image.denoiserMs
  const leftMs = rows.reduce((sum, row) => sum + row.leftMs, 0) + denoisingMs
  return { table: tableOf(rows, denoisingMs), leftMs }
}

interface PlanRow {
  readonly arm: ResolvedArm
  readonly updates: number
  readonly updateMs: number
  /** Seeds to train. */
  readonly trainings: number
  /** Images to certify, over all seeds. */
  readonly images: number
  readonly leftMs: number
}

function tableOf(rows: readonly PlanRow[], denoisingMs: number): Table {
  const minutes = (ms: number) => ms / 60_000
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
  return [...new Map(arms.map(arm => [arm.id, arm])).values()]
}

function isOf(task: Task, kind: Task['kind'], { id }: ResolvedArm): boolean {
  if (task.kind !== kind) return false
  if (task.kind === 'train') return task.arm.id === id
  return task.kind === 'certify' && task.arms.some(arm => arm.id === id)
}

async function hasLog(arm: ResolvedArm, seed: number): Promise<boolean> {
  const rows = await readCertificationLog(logPath(arm, seed)).then(
    log => log.rows.length,
    () => 0,
  )
  return rows > 0
}

/** The median update of a run of the arm that is there. */
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

/** Measures an update of one arm; that of another is in proportion to the images that its networks see at most. */
async function measureStep(
  session: Session,
  arm: ResolvedArm,
): Promise<{ of: (other: ResolvedArm) => number }> {
  const folder = await mkdtemp(join(tmpdir(), 'ft-cadis-plan-'))
  try {
    const updates: UpdateReport[] = []
    const { classifier, denoiser } = await finetune(
      session,
      { ...arm.config, output: join(folder, 'run') },
      {
        updatesOnly: true,
        stopAfterUpdates: MEASURED_UPDATES,
        onUpdate: report => void updates.push(report),
      },
    )
    session.free([classifier, denoiser])
    const measured = medianUpdateMs(updates.slice(1))
    return { of: other => (measured * work(other)) / work(arm) }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function work({ config }: ResolvedArm): number {
  const passes = trainingPasses(config, {
    images: config.optimisation.imagesPerUpdate,
    attacksWholeBatch: false,
  })
  return passes.denoiserForward + passes.classifierForward.most + 2 * passes.classifierBackward.most
}

/** Measures the certification of one image, by one classifier and by two: what the denoiser takes, and what a classifier. */
async function measureImage(
  session: Session,
  { config }: ResolvedArm,
): Promise<{ denoiserMs: number; classifierMs: number }> {
  const folder = await mkdtemp(join(tmpdir(), 'ft-cadis-plan-'))
  const denoiser = await loadSmoothingDenoiser(session, config.smoothing)
  const smoothing = smoothingOf(denoiser, config.smoothing.sigma)
  const { classifier } = await loadBaseClassifier(session, config.classifier)
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
