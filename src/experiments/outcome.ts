import { DataError } from '../errors'
import type { CertificationRow } from '../logs/certification-log'
import { readCertificationLog } from '../logs/certification-log-file'
import { readRun } from '../runs/read-run'
import type { UpdateReport } from '../runs/reports'
import { logPath, type ResolvedArm, resolveArms, seedFolder } from './arms'
import type { Experiment } from './definition'
import { type ImageSamples, readImageSamples } from './image-samples'
import type { Scale } from './scale'
import type { TaskOptions } from './tasks'
import { testImagesOf } from './test-images'
import { readTrainingMetadata, type TrainingMetadata } from './training-metadata'

/** One arm, with what each seed has led to. */
export interface ArmOutcome extends ResolvedArm {
  readonly label: string
  /** The certificates of each seed, of the same images in the same order. */
  readonly logs: readonly (readonly CertificationRow[])[]
  /** The updates of each seed; none for an arm that is not trained. */
  readonly updates: readonly (readonly UpdateReport[])[]
  /** Of the first seed; undefined for an arm that is not trained. */
  readonly training: TrainingMetadata | undefined
}

/** What an experiment has come to. */
export interface ExperimentOutcome {
  readonly experiment: Experiment
  readonly scale: Scale
  readonly seeds: readonly number[]
  /** Positions of the certified images in the test set. */
  readonly indices: readonly number[]
  readonly arms: readonly ArmOutcome[]
  readonly samples: ImageSamples | undefined
}

/**
 * Reads what the runs of an experiment have left.
 *
 * @throws DataError where something of it is not there yet
 */
export async function readOutcome(experiment: Experiment, options: TaskOptions): Promise<ExperimentOutcome> {
  const { scale, output, seeds } = options
  const arms = resolveArms(experiment, options)
  const [first] = arms
  const indices = (first && (await testImagesOf(first, output))) ?? []
  return {
    ...{ experiment, scale, seeds, indices },
    arms: await Promise.all(arms.map(arm => readArm(arm, { seeds, indices }))),
    samples: experiment.showsImages ? await readImageSamples(experiment, output) : undefined,
  }
}

async function readArm(
  arm: ResolvedArm,
  { seeds, indices }: { seeds: readonly number[]; indices: readonly number[] },
): Promise<ArmOutcome> {
  const logs = await Promise.all(seeds.map(seed => rowsOf(arm, seed, indices)))
  const folders = arm.isTrained ? seeds.map(seed => seedFolder(arm, seed)) : []
  const runs = await Promise.all(folders.map(folder => readRun(folder)))
  const [first] = folders
  return {
    ...arm,
    label: arm.arm.label,
    logs,
    updates: runs.map(({ updates }) => updates),
    training: first === undefined ? undefined : await readTrainingMetadata(first),
  }
}

/** The rows of the given images: another call may have certified more. */
async function rowsOf(
  arm: ResolvedArm,
  seed: number,
  indices: readonly number[],
): Promise<CertificationRow[]> {
  const path = logPath(arm, seed)
  const { rows } = await readCertificationLog(path)
  const byIndex = new Map(rows.map(row => [row.index, row]))
  return indices.map(index => {
    const row = byIndex.get(index)
    if (row !== undefined) return row
    throw new DataError(`${path} has no row of image ${index}.`, { remedy: 'Run the experiment to its end.' })
  })
}
