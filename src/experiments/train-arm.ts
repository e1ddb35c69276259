import type { Session } from '../bridge'
import { writeDurably } from '../files/write'
import type { FinetuneHooks } from '../training/hooks'
import { finetune } from '../training/train'
import { type ResolvedArm, seedFolder } from './arms'
import { type TrainingMetadata, trainingMetadataPath } from './training-metadata'

/** Test images that accuracy is taken on after each epoch, which decides nothing. */
const EVALUATION_IMAGES = 200

/** Fine-tunes one seed of an arm, or continues with it. */
export async function trainArm(
  session: Session,
  arm: ResolvedArm,
  { seed, ...hooks }: { seed: number } & Pick<FinetuneHooks, 'denoiser' | 'signal' | 'onUpdate'>,
): Promise<void> {
  const folder = seedFolder(arm, seed)
  const { networks, smoothing } = await finetune(
    session,
    { ...arm.config, output: folder, seed },
    {
      ...arm.arm.hooks,
      ...hooks,
      existing: 'resume',
      progress: false,
      eventFiles: false,
      evaluationImages: EVALUATION_IMAGES,
    },
  )
  const metadata: TrainingMetadata = { trainableParameters: networks.classifier.trainableParameters }
  session.free([networks, ...(hooks.denoiser === undefined ? [smoothing] : [])])
  await writeDurably(trainingMetadataPath(folder), `${JSON.stringify(metadata)}\n`)
}
