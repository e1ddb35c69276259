import type { Session } from '../bridge'
import { writeSoftLabels } from '../certification/soft-labels'
import { certificationOf, type RunConfig } from '../config/schema'
import { writeDurably } from '../files/write'
import { findCheckpoint } from '../runs/find-checkpoint'
import { networkBytes } from '../torch'
import type { FinetuneHooks } from '../training/hooks'
import { finetune } from '../training/train'
import { type ResolvedArm, type SoftLabelsOf, seedFolder, softLabelsOf, softLabelsPath } from './arms'
import { type TrainingMetadata, trainingMetadataPath } from './training-metadata'

/** Number of test images for the accuracy after each epoch, which affects nothing. */
const EVALUATION_IMAGES = 200

/** Fine-tunes one seed of an arm, or continues an earlier run. */
export async function trainArm(
  session: Session,
  arm: ResolvedArm,
  { seed, ...hooks }: { seed: number } & Pick<FinetuneHooks, 'denoiser' | 'signal' | 'onUpdate'>,
): Promise<void> {
  const folder = seedFolder(arm, seed)
  const files: string[] = []
  for (const softLabels of softLabelsOf(arm)) {
    files.push(await writtenSoftLabels(session, softLabels, { arm, seed, signal: hooks.signal }))
  }
  const [predictions] = files
  const { method: configured } = arm.config
  const method =
    configured.kind === 'router'
      ? {
          ...configured,
          experts: configured.experts.map((expert, place) => ({ ...expert, predictions: files[place] })),
        }
      : { ...configured, ...(predictions !== undefined && { predictions }) }
  const { networks, smoothing } = await finetune(
    session,
    { ...arm.config, method: method as RunConfig['method'], output: folder, seed },
    {
      ...arm.arm.hooks,
      ...hooks,
      existing: 'resume',
      progress: false,
      eventFiles: false,
      evaluationImages: EVALUATION_IMAGES,
    },
  )
  const { classifier, members = [classifier], denoiser } = networks
  const metadata: TrainingMetadata = {
    trainableParameters:
      denoiser === undefined
        ? members.reduce((sum, { trainableParameters }) => sum + trainableParameters, 0)
        : (await session.compute(() => ({ size: networkBytes(denoiser) }))).size.parameters,
  }
  session.free([networks, ...(hooks.denoiser === undefined ? [smoothing] : [])])
  await writeDurably(trainingMetadataPath(folder), `${JSON.stringify(metadata)}\n`)
}

/** Writes the soft labels for training an arm, unless they exist. */
async function writtenSoftLabels(
  session: Session,
  softLabels: SoftLabelsOf,
  {
    arm,
    seed,
    signal,
  }: { readonly arm: ResolvedArm; readonly seed: number; readonly signal: AbortSignal | undefined },
): Promise<string> {
  const output = softLabelsPath(softLabels, seed)
  const { checkpoint } = await findCheckpoint(seedFolder(softLabels.of, seed))
  const source = certificationOf(softLabels.of.config, checkpoint)
  await writeSoftLabels(
    session,
    { ...source, certification: { ...arm.config.certification, procedure: { kind: 'certify' }, seed } },
    { output, n: softLabels.n, augment: false, signal },
  )
  return output
}
