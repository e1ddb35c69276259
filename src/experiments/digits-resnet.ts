import type { Session } from '../bridge'
import { crossEntropy } from '../objectives/losses'
import { toSymmetric } from '../smoothing/denoise'
import {
  adamW,
  backward,
  flatten,
  loadClassifier,
  logSoftmax,
  makeLoader,
  manualSeed,
  mean,
  openDataset,
} from '../torch'
import { learningRate } from '../training/schedules'

const SEED = 0
const EPOCHS = 30
const SCHEDULE = { peak: 2e-3, minimum: 0, warmupEpochs: 2, epochs: EPOCHS }
const WEIGHT_DECAY = 0.05

/** A ResNet with batch normalisation, one block per stage. Its inputs are the digits enlarged to 16×16. */
const RESNET = {
  source: 'timm',
  name: 'resnet18',
  pretrained: false,
  resize: 16,
  modelArgs: { in_chans: 1, num_classes: 10, layers: [1, 1, 1, 1], channels: [16, 32, 64, 64] },
} as const

/** Trains it on the clean training digits and writes it in timm's format: the replacement for the ResNet-110 of Table 17. */
export async function trainDigitsResNet(session: Session, folder: string): Promise<void> {
  const dataset = await openDataset(session, { source: 'digits', split: 'train' })
  const loader = await makeLoader(dataset, {
    batchSize: 64,
    seed: SEED,
    shuffle: true,
    dropLast: true,
    workers: 0,
  })
  manualSeed(session, SEED, 'resnet')
  const classifier = await loadClassifier(session, { ...RESNET, tuning: { kind: 'full' } })
  const optimizer = adamW(classifier, [
    { parameters: 'all', learningRate: SCHEDULE.peak, weightDecay: WEIGHT_DECAY },
  ])
  for (let epoch = 0; epoch < EPOCHS; epoch += 1) {
    loader.start(epoch)
    for (let update = 0; update < loader.batchesPerEpoch; update += 1) {
      const rate = learningRate(epoch + update / loader.batchesPerEpoch, SCHEDULE)
      optimizer.setHyperparameters({ learningRates: [rate], weightDecays: [WEIGHT_DECAY] })
      await session.compute(() => {
        const { images_BCHW, labels_B } = loader.nextBatch()
        const images_NCHW = flatten(toSymmetric(images_BCHW), 'B', 'N')
        const logits_NK = classifier.training(() => classifier.classify(images_NCHW))
        const loss = mean(crossEntropy(logSoftmax(logits_NK, 'K'), flatten(labels_B, 'B', 'N')))
        backward(loss)
        optimizer.step()
        optimizer.zeroGradients()
        return loss
      })
    }
  }
  await classifier.save(folder)
  await loader.close()
  session.free([dataset, classifier, optimizer])
}
