/**
 * Trains the off-the-shelf classifier of the digits demonstration on the 1,200 clean training images and writes it to
 * assets/digits/classifier, in timm's format. Half a minute on two cores.
 *
 *     npx ts-node examples/digits/train-classifier.ts
 */
import {
  connect,
  crossEntropy,
  DIGITS_NETWORKS,
  learningRate,
  progressBar,
  runProgram,
  type Session,
  setup,
  torch,
  toSymmetric,
} from 'ft-cadis'
import { CLASSIFIER } from './networks'

const EPOCHS = 50
const BATCH = 64
const WEIGHT_DECAY = 0.05
const SCHEDULE = { peak: 1e-3, minimum: 0, warmupEpochs: 3, epochs: EPOCHS }

async function train(session: Session, { seed, folder }: { seed: number; folder: string }): Promise<void> {
  const dataset = await torch.openDataset(session, { source: 'digits', split: 'train' })
  const options = { batchSize: BATCH, seed, shuffle: true, dropLast: true, workers: 0 }
  const loader = await torch.makeLoader(dataset, options)
  torch.manualSeed(session, seed, 'classifier')
  const classifier = await torch.loadClassifier(session, { ...CLASSIFIER, tuning: { kind: 'full' } })
  const optimizer = torch.adamW(classifier, [
    { parameters: 'all', learningRate: SCHEDULE.peak, weightDecay: WEIGHT_DECAY },
  ])

  const bar = progressBar('training the classifier', { total: EPOCHS })
  for (let epoch = 0; epoch < EPOCHS; epoch += 1) {
    loader.start(epoch)
    let loss = Number.NaN
    for (let update = 0; update < loader.batchesPerEpoch; update += 1) {
      const rate = learningRate(epoch + update / loader.batchesPerEpoch, SCHEDULE)
      optimizer.setHyperparameters({ learningRates: [rate], weightDecays: [WEIGHT_DECAY] })
      loss = await session.compute(() => {
        const { images_BCHW, labels_B } = loader.nextBatch()
        const images_NCHW = torch.flatten(toSymmetric(images_BCHW), 'B', 'N')
        const logits_NK = classifier.training(() => classifier.classify(images_NCHW))
        const loss = torch.mean(
          crossEntropy(torch.logSoftmax(logits_NK, 'K'), torch.flatten(labels_B, 'B', 'N')),
        )
        torch.backward(loss)
        optimizer.step()
        optimizer.zeroGradients()
        return loss
      })
    }
    bar.update(epoch + 1, `loss ${loss.toFixed(4)}`)
  }
  bar.stop()

  const testSet = await torch.openDataset(session, { source: 'digits', split: 'test' })
  const { length } = testSet.description
  const hits = await session.compute(() => {
    const { images_BCHW, labels_B } = testSet.images(Array.from({ length }, (_, index) => index))
    const images_NCHW = torch.flatten(toSymmetric(images_BCHW), 'B', 'N')
    const predicted_N = torch.noGrad(session, () => torch.argmax(classifier.classify(images_NCHW), 'K'))
    return torch.sum(torch.to(torch.eq(predicted_N, torch.flatten(labels_B, 'B', 'N')), 'float32'))
  })
  console.log(`accuracy on ${length} clean test images: ${((100 * hits) / length).toFixed(1)} %`)
  await classifier.save(folder)
  console.log(`written: ${folder}`)
}

const program = {
  name: 'train-classifier',
  description: 'Train the off-the-shelf classifier of the digits demonstration.',
  options: {
    seed: { type: 'number', description: 'seed of weights and order', min: 0, integer: true, default: 0 },
    output: {
      type: 'string',
      value: 'folder',
      description: 'where the network is written',
      default: DIGITS_NETWORKS.classifier,
    },
    python: { type: 'string', value: 'path', description: 'Python interpreter to use' },
  },
} as const

void runProgram(program, async ({ seed, output, python }) => {
  await setup({ python, onLine: line => console.error(line) })
  await using session = await connect({ python, threads: 1 })
  await train(session, { seed, folder: output })
})
