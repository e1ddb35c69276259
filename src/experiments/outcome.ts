import { requireSameImages, requireSeeds } from '../analysis/log-differences'
import { normOf } from '../analysis/norm'
import { DataError } from '../errors'
import type { CertificationRow } from '../logs/certification-log'
import { type CertificationLog, readCertificationLog } from '../logs/certification-log-file'
import { readRun } from '../runs/read-run'
import type { UpdateReport } from '../runs/reports'
import { logPath, memberSeeds, type ResolvedArm, resolveArms, seedFolder } from './arms'
import type { Experiment } from './definition'
import { type ImageSamples, readImageSamples } from './image-samples'
import type { Scale } from './scale'
import type { TaskOptions } from './tasks'
import { testImagesOf } from './test-images'
import { readTrainingMetadata, type TrainingMetadata } from './training-metadata'

/** One arm, with the results of each seed. */
export interface ArmOutcome extends ResolvedArm {
  readonly label: string
  /** The certificates of each seed, for the same images in the same order. */
  readonly logs: readonly (readonly CertificationRow[])[]
  /** The updates of each seed, over all members; empty for an arm without training. */
  readonly updates: readonly (readonly UpdateReport[])[]
  /** For the first seed; undefined for an arm without training. */
  readonly training: TrainingMetadata | undefined
}

/** The results of an experiment. */
export interface ExperimentOutcome {
  readonly experiment: Experiment
  readonly scale: Scale
  readonly seeds: readonly number[]
  /** Positions of the certified images in the test set. */
  readonly indices: readonly number[]
  readonly arms: readonly ArmOutcome[]
  /** Norm of all radii, in display form: ℓ1 if any arm has uniform noise, since an ℓ2 radius also holds in ℓ1. */
  readonly norm: string
  readonly samples: ImageSamples | undefined
}

/**
 * Reads the results of an experiment's runs.
 *
 * @throws DataError if some are missing; ConfigError if logs to average or compare differ in images or settings
 */
export async function readOutcome(experiment: Experiment, options: TaskOptions): Promise<ExperimentOutcome> {
  const { scale, output, seeds } = options
  const arms = resolveArms(experiment, options)
  const [first] = arms
  const indices = (first && (await testImagesOf(first, output))) ?? []
  const logs = await Promise.all(arms.map(arm => Promise.all(seeds.map(seed => logOf(arm, seed, indices)))))
  for (const [position, arm] of arms.entries())
    requireSeeds(`The logs of "${arm.arm.label}"`, logs[position] ?? [])
  requireSameImages(`The logs of the experiment ${experiment.name}`, logs.flat())
  return {
    ...{ experiment, scale, seeds, indices },
    norm: normOf(logs.flat()),
    arms: await Promise.all(arms.map((arm, position) => readArm(arm, { seeds, logs: logs[position] ?? [] }))),
    samples: experiment.showsImages ? await readImageSamples(experiment, output) : undefined,
  }
}

async function readArm(
  arm: ResolvedArm,
  { seeds, logs }: { seeds: readonly number[]; logs: readonly CertificationLog[] },
): Promise<ArmOutcome> {
  const members = seeds.map(seed => memberSeeds(arm, seed).map(own => seedFolder(arm, own)))
  const runs = arm.isTrained
    ? await Promise.all(members.map(folders => Promise.all(folders.map(folder => readRun(folder)))))
    : []
  const first = members[0]?.[0]
  return {
    ...arm,
    label: arm.arm.label,
    logs: logs.map(({ rows }) => rows),
    updates: runs.map(ofSeed => ofSeed.flatMap(({ updates }) => updates)),
    training: first === undefined ? undefined : await readTrainingMetadata(first),
  }
}

/** Returns the log of a seed, with only the rows of the given images: another call may have certified more. */
async function logOf(arm: ResolvedArm, seed: number, indices: readonly number[]): Promise<CertificationLog> {
  const log = await readCertificationLog(logPath(arm, seed))
  const byIndex = new Map(log.rows.map(row => [row.index, row]))
  const rows = indices.map((index): CertificationRow => {
    const row = byIndex.get(index)
    if (row !== undefined) return row
    throw new DataError(`${log.file} has no row of image ${index}.`, {
      remedy: 'Run the experiment to its end.',
    })
  })
  return { ...log, rows }
}
