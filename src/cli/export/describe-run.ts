import { basename, join } from 'node:path'
import type { Session } from '../../bridge'
import { exists, isFolder } from '../../files/exists'
import { isObject, readJson } from '../../files/read-json'
import { epochName } from '../../runs/checkpoint-name'
import { readLatestMetrics } from '../../runs/read-metrics'
import { readStatus } from '../../runs/read-run'
import { folderHashes } from '../../smoothing/smoothed-file'
import { type KnownSmoothed, unsaidOf } from '../../smoothing/smoothed-input'
import { classifierSpec, datasetSpec } from '../../smoothing/specs'
import { say } from '../../terminal/print'
import { baseLicence, openDataset } from '../../torch'
import { logsOfWeights } from './card-logs'
import type { BaseAccuracy } from './model-card'

export type About = Awaited<ReturnType<typeof describeRun>>

/** Returns the content that all kinds of cards share. */
export async function describeRun(folder: string, known: KnownSmoothed) {
  const { config, weights } = known
  const { checkpoint, output } = config
  const isOfRun = await isFolder(join(output, 'checkpoints'))
  const content = isOfRun ? await readJson(join(output, 'config.json')) : undefined
  const settings = isObject(content) && isObject(content.config) ? content.config : undefined
  const condition = settings === undefined ? undefined : (await readStatus(output)).condition
  const hashes = checkpoint === undefined ? null : await folderHashes(checkpoint)
  const found = await logsOfWeights(output, {
    checkpoint: hashes,
    denoiser: Object(weights?.denoiser).sha256,
  })
  const unsaid = unsaidOf(known)
  return {
    /** The weights named in `smoothed.json`; undefined without it. */
    expected: weights,
    known: { ...known, weights: { denoiser: null, classifier: null, ...weights, checkpoint: hashes } },
    name: `${basename(output)}/${basename(checkpoint ?? folder)}`,
    ...{ run: settings, condition, logs: found.logs },
    accuracy: isOfRun ? await accuracyOf(output, basename(checkpoint ?? folder)) : undefined,
    notes: [
      ...(unsaid === undefined ? [] : [unsaid]),
      ...(condition === undefined || condition === 'finished'
        ? []
        : [`the run is ${condition}: this is its checkpoint ${basename(checkpoint ?? folder)}.`]),
      ...found.notes,
      ...(found.logs.length === 0
        ? [`the model card has no certified accuracy: ${output} has no certification log of these weights.`]
        : []),
    ],
  }
}

/** Returns the accuracies measured at the end of the epoch of a checkpoint; undefined if none were. */
async function accuracyOf(run: string, checkpoint: string): Promise<BaseAccuracy | undefined> {
  const path = join(run, 'metrics.jsonl')
  if (!(await exists(path))) return undefined
  const { epochs } = await readLatestMetrics(path)
  const { clean, noisy } = epochs.find(({ epoch }) => epochName(epoch) === checkpoint)?.metrics ?? {}
  return typeof clean === 'number' && typeof noisy === 'number' ? { clean, noisy } : undefined
}

/** Returns the licence stated in files of the base weights; undefined with a note if none is. */
export async function licenceOf(session: Session, { config }: KnownSmoothed): Promise<string | undefined> {
  const found = (await session.compute(() => [baseLicence(session, classifierSpec(config.classifier))]))[0]
  if (typeof found === 'string') return found
  say('note: nothing states the licence of the base weights, and the model card says so; --licence names it.')
  return undefined
}

/** Returns channels, height and width of the test images, if no `smoothed.json` records them. */
export async function imageShapeOf(session: Session, { config }: KnownSmoothed): Promise<readonly number[]> {
  const dataset = await openDataset(session, datasetSpec(config.data, 'test'))
  session.free(dataset)
  return dataset.description.imageShape
}
