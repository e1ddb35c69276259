import { finetune, type RunConfigOf, type Session, torch } from '../../src'
import { formatConfig, size } from './format'
import type { CommonOptions } from './options'
import { printStart } from './start'

/** Updates that are measured where no flag says how many. */
const STEPS = 2

/** On the CPU an update of the paper's 128 images would take hours: what it takes does not depend on how many there are. */
const ON_CPU = { imagesPerUpdate: 2, imagesPerMicroBatch: 1, autocast: 'none' } as const

/**
 * What a measurement does where the flags leave it open. Random weights hardly ever give an image its label, so that the
 * mask of Eq. 9 would spare all of them the attack: all are attacked, which is the most work that an update can be.
 */
export function withSyntheticDefaults(options: CommonOptions, device: string): CommonOptions {
  const batch = device === 'cpu' ? ON_CPU : {}
  return { mask: 'all', steps: STEPS, ...batch, ...options }
}

/** Trains some updates with random networks and images, and prints what they took. */
export async function measure(
  session: Session,
  config: RunConfigOf<'ft-cadis'>,
  { steps, mask }: CommonOptions,
): Promise<void> {
  console.log(formatConfig(config))
  console.log('synthetic: random weights and images, nothing is learnt, evaluated, kept or certified')
  if (mask === 'all')
    console.log('synthetic: every image is attacked (--mask all), the most work there can be')
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
      const { selectiveCrossEntropy, adversarial, attackedShare } = metrics
      await session.flush() // the optimizer's step is only recorded so far
      const seconds = (performance.now() - begun) / 1000
      durations.push(seconds)
      console.log(
        `update ${durations.length}: ${seconds.toFixed(2)} s, ${(config.optimisation.imagesPerUpdate / seconds).toFixed(3)} images/s, ` +
          `loss ${loss.toFixed(6)} (cross-entropy ${selectiveCrossEntropy?.toFixed(6)}, adversarial ${adversarial?.toExponential(3)}), ` +
          `attacked ${(100 * (attackedShare ?? 0)).toFixed(0)} %, gradient norm ${gradientNorm.toFixed(4)}, learning rate ${learningRate.toExponential(3)}`,
      )
      begun = performance.now()
    },
  })
  const memory = await session.compute(() => torch.memoryNow(session))
  const node = process.resourceUsage().maxRSS * 1024
  const device = memory.devicePeak === null ? '' : `, ${size(memory.devicePeak)} on the device`
  console.log(
    `peak memory: ${size(memory.hostPeak + node)} on the host (Python ${size(memory.hostPeak)}, Node ${size(node)})${device}`,
  )
  const [, ...later] = durations
  if (later.length > 0) {
    const mean = later.reduce((sum, seconds) => sum + seconds, 0) / later.length
    console.log(
      `without the first: ${mean.toFixed(2)} s an update, ${(config.optimisation.imagesPerUpdate / mean).toFixed(3)} images/s`,
    )
  }
  session.free([networks, smoothing])
}
