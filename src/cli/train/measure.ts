import type { Session } from '../../bridge'
import type { NamedPreset } from '../../config/named-presets'
import type { RunConfig } from '../../config/schema'
import { imageSizeOf } from '../../config/sources/image-size'
import { datasetSpec } from '../../smoothing/specs'
import { print } from '../../terminal/print'
import { memoryNow, openDataset } from '../../torch'
import { type SyntheticOptions, syntheticRun } from '../../training/synthetic'
import { finetune } from '../../training/train'
import { formatConfig, size } from './format'
import type { TrainOptions } from './options'
import { printStart } from './start'
import { trainSettings } from './train-settings'

/** Default number of updates to measure. */
const STEPS = 2

/** On the CPU an update of the paper's 128 images would take hours. Cost per image does not depend on their number. */
const ON_CPU = { imagesPerUpdate: 2, imagesPerMicroBatch: 1, autocast: 'none' } as const

/**
 * Returns the configuration of a measurement, with defaults for open options. Random weights hardly ever give an image
 * its label, so the mask of Eq. 9 would exclude all images from the attack. Instead all are attacked, the largest
 * possible work of an update.
 */
export async function syntheticSettings(session: Session, options: TrainOptions): Promise<RunConfig> {
  const batch = session.info.device === 'cpu' ? ON_CPU : {}
  const { config, preset } = await trainSettings({ ...batch, ...options })
  const images = preset?.images ?? (await sizesOf(session, config))
  const { method } = config
  const attacked =
    method.kind === 'ft-cadis' && method.adversarial === 'masked' && options.mask === undefined
      ? { ...config, method: { ...method, adversarial: 'all' as const } }
      : config
  return syntheticRun(attacked, images)
}

/** Returns the number and size of the images in the data. */
async function sizesOf(session: Session, { data }: RunConfig): Promise<NamedPreset['images']> {
  const [train, test] = [
    await openDataset(session, datasetSpec(data, 'train')),
    await openDataset(session, datasetSpec(data, 'test')),
  ]
  const { classes, imageShape, length } = train.description
  const sizes: SyntheticOptions = {
    imageSize: imageSizeOf([imageShape[1], imageShape[2]]),
    ...(imageShape[0] === 1 && { channels: 1 }),
    classes: classes.length,
    trainImages: length,
    testImages: test.description.length,
  }
  session.free([train, test])
  return sizes
}

/** Trains some updates with random networks and images, and prints their cost. */
export async function measure(
  session: Session,
  config: RunConfig,
  { steps = STEPS }: TrainOptions,
): Promise<void> {
  print(formatConfig(config))
  print('synthetic: random weights and images, nothing is learnt, evaluated, kept or certified')
  if (config.method.kind === 'ft-cadis' && config.method.adversarial === 'all') {
    print('synthetic: every image is attacked (--mask all), the most work there can be')
  }
  const { imagesPerUpdate } = config.optimisation
  let begun = 0
  const durations: number[] = []
  const { networks, smoothing } = await finetune(session, config, {
    stopAfterUpdates: steps,
    updatesOnly: true,
    existing: 'replace',
    progress: false,
    onStart: async start => {
      await printStart(start, config)
      begun = performance.now()
    },
    onUpdate: async ({ loss, metrics, gradientNorm, learningRate }) => {
      await session.flush() // the optimizer's step is only recorded until here
      const seconds = (performance.now() - begun) / 1000
      durations.push(seconds)
      const { attackedShare } = metrics
      const attacked = attackedShare == null ? '' : `attacked ${(100 * attackedShare).toFixed(0)} %, `
      print(
        `update ${durations.length}: ${seconds.toFixed(2)} s, ${(imagesPerUpdate / seconds).toFixed(3)} images/s, ` +
          `loss ${loss.toFixed(6)}, ${attacked}gradient norm ${gradientNorm.toFixed(4)}, ` +
          `learning rate ${learningRate.toExponential(3)}`,
      )
      begun = performance.now()
    },
  })
  const memory = await session.compute(() => memoryNow(session))
  const node = process.resourceUsage().maxRSS * 1024
  const device = memory.devicePeak === null ? '' : `, ${size(memory.devicePeak)} on the device`
  print(
    `peak memory: ${size(memory.hostPeak + node)} on the host (Python ${size(memory.hostPeak)}, Node ${size(node)})${device}`,
  )
  const [, ...later] = durations
  if (later.length > 0) {
    const mean = later.reduce((sum, seconds) => sum + seconds, 0) / later.length
    print(
      `without the first: ${mean.toFixed(2)} s an update, ${(imagesPerUpdate / mean).toFixed(3)} images/s`,
    )
  }
  session.free([networks, smoothing])
}
