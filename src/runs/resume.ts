import { join } from 'node:path'
import { decidingDifferences } from '../config/deciding-fields'
import { fieldDifferences, showValue } from '../config/differences'
import { METHOD_KINDS } from '../config/methods'
import type { AnyRunConfig } from '../config/schema'
import { CheckpointError, ConfigError } from '../errors'
import { pathAfresh, refusalOf } from '../files/earlier-format'
import { type RunData, requireSameData } from '../smoothing/data-identity'
import { readSmoothed } from '../smoothing/smoothed-file'
import { weightDifferences } from '../smoothing/weight-differences'
import { STREAMS_VERSION } from '../streams'
import { type Checkpoint, readCheckpoint, TRAINER_FORMAT } from './checkpoint'
import { listCheckpoints } from './list-checkpoints'

/** Settings that may change when a run resumes, but not differ between ranks: when to save and when to stop. */
const RESUMABLE = ['checkpoints', 'optimisation.stopAfterEpoch']

/**
 * Returns the newest checkpoint of a run.
 *
 * @returns null if there is none
 * @throws CheckpointError if it is damaged, or its position does not fit a run with this number of updates per epoch
 */
export async function newestCheckpoint(
  checkpoints: string,
  { updatesPerEpoch }: { readonly updatesPerEpoch: number },
): Promise<Checkpoint | null> {
  const newest = (await listCheckpoints(checkpoints)).at(-1)
  if (newest === undefined) return null
  const checkpoint = await readCheckpoint(join(checkpoints, newest.name))
  const { epoch, updatesInEpoch, step } = checkpoint.state
  const here = (epoch - 1) * updatesPerEpoch + updatesInEpoch
  if (step === here) return checkpoint
  throw new CheckpointError(
    `${checkpoint.folder} is of step ${step}, which is not update ${updatesInEpoch} of epoch ${epoch} where an epoch has ${updatesPerEpoch} updates.`,
    { remedy: 'Give the data and optimisation.imagesPerUpdate that the run was begun with.' },
  )
}

/**
 * Refuses to resume a run of an earlier version.
 *
 * @throws CheckpointError that says how to start again
 */
export function requireOwnFormat({ folder, format }: Checkpoint, { output }: AnyRunConfig): void {
  if (format === TRAINER_FORMAT) return
  const other = pathAfresh(output)
  const { message, remedy } = refusalOf({
    ...{ what: `The checkpoint ${folder}`, format, current: TRAINER_FORMAT, not: 'resumed' },
    afresh: `finetune(session, { …, output: '${other}' }), or the same program without --resume and with --output ${other}.`,
  })
  throw new CheckpointError(message, { remedy })
}

/**
 * Refuses to resume a run whose random numbers this version does not reproduce.
 *
 * @throws CheckpointError that names both versions of the streams
 */
export function requireSameStreams({ folder, state }: Checkpoint): void {
  if (state.streams === STREAMS_VERSION) return
  throw new CheckpointError(
    `The run of ${folder} draws its random numbers from streams of version ${state.streams}, and this ft-cadis draws from version ${STREAMS_VERSION}: going on would mix two runs.`,
    {
      remedy:
        "Start afresh: the same command without --resume (existing: 'resume'), with another output folder. The checkpoint can be certified, exported and analysed as it is.",
    },
  )
}

/**
 * Refuses to resume a run under a configuration that would change it.
 *
 * @throws ConfigError listing every relevant field, with both values
 */
export function requireSameRun({ folder, state }: Checkpoint, config: AnyRunConfig): void {
  const { kind } = state.config.method
  if (kind !== config.method.kind && !METHOD_KINDS.includes(kind)) {
    throw new ConfigError(
      `The run of ${folder} is trained by the method ${kind}, which a script defines; got ${config.method.kind}.`,
      { remedy: `Resume it by that script: ${state.script ?? 'it is not known which'}.` },
    )
  }
  const differences = decidingDifferences(state.config, config, { except: RESUMABLE })
  if (differences.length === 0) return
  const lines = differences.map(
    ({ field, before, after }) =>
      `  ${field}: ${showValue(before)} in the checkpoint, ${showValue(after)} now`,
  )
  throw new ConfigError(`The run of ${folder} was begun with another configuration:\n${lines.join('\n')}\n`, {
    remedy: 'Set what differs back, or choose another output folder for a new run.',
  })
}

/**
 * Refuses to resume with other off-the-shelf weights than the original ones.
 *
 * @throws CheckpointError listing the differences
 */
export function requireSameWeights({ folder, state }: Checkpoint, weights: unknown): void {
  const differences = weightDifferences(state.weights, weights)
  if (differences.length === 0) return
  const lines = differences.map(
    ({ field, before, after }) => `  ${field}: ${showValue(before)} then, ${showValue(after)} now`,
  )
  throw new CheckpointError(`The run of ${folder} was begun with other weights:\n${lines.join('\n')}\n`, {
    remedy: 'Give the weights that the run was begun with.',
  })
}

/**
 * Refuses to resume with other images than the original ones. A checkpoint of an earlier version records only their class
 * names.
 *
 * @throws CheckpointError that names both
 */
export async function requireDataOf({ folder, state }: Checkpoint, data: RunData): Promise<void> {
  if (state.data !== null) return requireSameData(`The run of ${folder}`, state.data, data)
  const classes = (await readSmoothed(folder))?.classes
  if (classes === undefined || fieldDifferences(classes, data.train.classes).length === 0) {
    process.emitWarning(
      `${folder} is of an earlier version: whether its run was begun with these images cannot be checked.`,
    )
    return
  }
  throw new CheckpointError(
    `The run of ${folder} was begun with the classes ${classes.join(', ')}; the data now have ${data.train.classes.join(', ')}.`,
    { remedy: 'Give the data that the run was begun with.' },
  )
}
