import { join } from 'node:path'
import { trainedBy } from '../config/methods/trained'
import { exists } from '../files/exists'
import { isLocked } from '../files/lock'
import {
  certificationOfArm,
  distinctArms,
  memberSeeds,
  type ResolvedArm,
  type ResolveOptions,
  resolveArms,
  seedFolder,
  softLabelsOf,
  softLabelsPath,
} from './arms'
import { isCertified } from './certify-arms'
import type { Experiment } from './definition'
import { imageSamplesPath } from './image-samples'
import type { Preparation, Scale } from './scale'
import { testImagesOf } from './test-images'
import { readTrainingMetadata } from './training-metadata'

/** A piece of work for one process, done once. */
export type Task =
  | { readonly kind: 'prepare'; readonly preparation: Preparation }
  /** Chooses the test images to certify. */
  | { readonly kind: 'choose'; readonly arm: ResolvedArm; readonly output: string }
  | { readonly kind: 'train'; readonly arm: ResolvedArm; readonly seed: number }
  | {
      readonly kind: 'certify'
      /** With one noise level, data set and denoiser. */
      readonly arms: readonly ResolvedArm[]
      readonly seed: number
      readonly output: string
    }
  | {
      readonly kind: 'draw'
      readonly experiment: Experiment
      readonly arms: readonly ResolvedArm[]
      readonly seed: number
      readonly output: string
    }

export interface TaskOptions extends ResolveOptions {
  readonly seeds: readonly number[]
}

/** Returns all tasks of experiments, each once: seed by seed, training first, then certification. */
export function tasksOf(experiments: readonly Experiment[], options: TaskOptions): Task[] {
  const { scale, output, seeds } = options
  const resolved = experiments.map(experiment => ({ experiment, arms: resolveArms(experiment, options) }))
  const arms = distinctArms(resolved.flatMap(({ arms: own }) => own))
  const preparations = (scale.preparations ?? []).filter(preparation =>
    arms.some(arm => startsFrom(arm, preparation)),
  )
  const groups = certifiedTogether(arms)
  const [firstSeed = 0] = seeds
  return [
    ...preparations.map(preparation => ({ kind: 'prepare', preparation }) as const),
    ...groups.flatMap(([arm]) => (arm === undefined ? [] : ({ kind: 'choose', arm, output } as const))),
    ...seeds.flatMap((seed): Task[] => [
      ...trainings(arms, seed),
      ...groups.map(group => ({ kind: 'certify', arms: group, seed, output }) as const),
    ]),
    ...resolved
      .filter(({ experiment }) => experiment.showsImages)
      .map(
        ({ experiment, arms: own }) =>
          ({ kind: 'draw', experiment, arms: own, seed: firstSeed, output }) as const,
      ),
  ]
}

/** Returns each run once, whichever arms share it. */
function trainings(arms: readonly ResolvedArm[], seed: number): Task[] {
  const runs = new Map<string, Task>()
  for (const arm of arms) {
    for (const own of memberSeeds(arm, seed)) {
      const folder = seedFolder(arm, own)
      if (!runs.has(folder)) runs.set(folder, { kind: 'train', arm, seed: own })
    }
  }
  return [...runs.values()]
}

/** Groups arms that can vote on the same denoised images. */
function certifiedTogether(arms: readonly ResolvedArm[]): ResolvedArm[][] {
  const groups = new Map<string, ResolvedArm[]>()
  for (const arm of arms) {
    const { smoothing, data, method } = arm.config
    const ownDenoiser = arm.isTrained && trainedBy(method.kind) === 'denoiser' ? arm.id : null
    const key = JSON.stringify([smoothing, data, certificationOfArm(arm), ownDenoiser, arm.router && arm.id])
    groups.set(key, [...(groups.get(key) ?? []), arm])
  }
  return [...groups.values()]
}

function startsFrom({ config }: ResolvedArm, { folder }: Preparation): boolean {
  return config.classifier.path === folder
}

/** `busy`: another process is working on it. `blocked`: another task must be done first. */
type TaskState = 'done' | 'ready' | 'busy' | 'blocked'

export async function stateOf(task: Task, { scale }: Pick<TaskOptions, 'scale'>): Promise<TaskState> {
  switch (task.kind) {
    case 'prepare': {
      if (await isPrepared(task.preparation)) return 'done'
      return (await isLocked(preparationLock(task.preparation))) ? 'busy' : 'ready'
    }
    case 'train': {
      const folder = seedFolder(task.arm, task.seed)
      if (await isRunTrained(task.arm, task.seed)) return 'done'
      if (await isLocked(join(folder, 'run.lock'))) return 'busy'
      for (const softLabels of softLabelsOf(task.arm)) {
        if (await isLocked(`${softLabelsPath(softLabels, task.seed)}.lock`)) return 'busy'
        if (!(await isRunTrained(softLabels.of, task.seed))) return 'blocked'
      }
      return (await hasNetworks([task.arm], scale)) ? 'ready' : 'blocked'
    }
    case 'choose':
      return (await testImagesOf(task.arm, task.output)) === undefined ? 'ready' : 'done'
    case 'certify': {
      const [first] = task.arms
      const indices = first && (await testImagesOf(first, task.output))
      if (indices === undefined) return 'blocked'
      const certified = await Promise.all(
        task.arms.map(arm => isCertified(arm, { seed: task.seed, indices })),
      )
      if (certified.every(Boolean)) return 'done'
      if (await isLocked(certificationLock(task))) return 'busy'
      return (await isTrained(task, scale)) ? 'ready' : 'blocked'
    }
    case 'draw': {
      if (await exists(imageSamplesPath(task.experiment, task.output))) return 'done'
      return (await isTrained(task, scale)) ? 'ready' : 'blocked'
    }
  }
}

/** One lock for all certifications of a noise level and a seed: they write the same logs. */
export function certificationLock({ arms, seed, output }: Task & { kind: 'certify' }): string {
  return join(output, 'locks', `certify-sigma-${arms[0]?.sigma}-seed-${seed}.lock`)
}

export function preparationLock({ folder }: Preparation): string {
  return `${folder}.lock`
}

async function isTrained(
  { arms, seed }: { arms: readonly ResolvedArm[]; seed: number },
  scale: Scale,
): Promise<boolean> {
  const trained = await Promise.all(
    arms.flatMap(arm => memberSeeds(arm, seed).map(own => isRunTrained(arm, own))),
  )
  return trained.every(Boolean) && hasNetworks(arms, scale)
}

async function isRunTrained(arm: ResolvedArm, seed: number): Promise<boolean> {
  return (await readTrainingMetadata(seedFolder(arm, seed))) !== undefined
}

/** Returns whether all networks that the arms start from exist. */
export async function hasNetworks(
  arms: readonly ResolvedArm[],
  { preparations = [] }: Pick<Scale, 'preparations'>,
): Promise<boolean> {
  const needed = preparations.filter(preparation => arms.some(arm => startsFrom(arm, preparation)))
  return (await Promise.all(needed.map(isPrepared))).every(Boolean)
}

/** Networks are written to a folder that is renamed when they are complete. */
async function isPrepared({ folder }: Preparation): Promise<boolean> {
  return exists(folder)
}
