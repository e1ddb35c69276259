import { type CertificationConfig, gaussianBound, smoothingOf, torch, toSymmetric } from '../../src'
import type { Certifier } from '../../src/certification/certifiers/certifier'
import { TYPICAL_PROBABILITIES } from '../../src/certification/expected-copies'
import { certifiersOf, procedureOf } from '../../src/certification/procedure'
import { CopyQueue } from '../../src/certification/queue/copy-queue'
import type { ImageAtHand } from '../../src/certification/queue/image-at-hand'
import { PassSize } from '../../src/certification/queue/pass-size'
import { VotingPasses } from '../../src/certification/queue/voting-passes'
import { singleVoter } from '../../src/certification/voters/single'
import { randomNumbers } from '../../src/streams'
import type { CertificationBench } from './certification-bench'

/** What an image takes with a fixed n and adaptively, where classes are draws with known probabilities and networks cost what they cost. */
export interface AdaptiveSeconds {
  readonly images: number
  readonly fixed: Cost
  readonly adaptive: Cost
}

export interface Cost {
  /** Of an image, by the clock of the options. */
  readonly seconds: number
  readonly copies: number
  readonly passes: number
  /** Share of the copies in passes that were padding. */
  readonly padding: number
}

const ALPHA = 0.001

/** σ of the log that the probabilities are of. */
const SIGMA = 0.5

export interface AdaptiveOptions {
  /** Every this many of the 100 probabilities, an image each. */
  readonly images: number
  /** Fewer images suffice where each takes the same number of copies. Default: as many. */
  readonly fixedImages?: number
  readonly n0: number
  readonly n: number
  readonly batch: number
  /** Radii of the adaptive grid; `sigma` for those of the default. */
  readonly radii: 'sigma' | readonly number[]
  /** Seconds until now. */
  readonly clock: () => number
}

interface Networks extends Pick<CertificationBench, 'session' | 'dataset'> {
  readonly networks: Pick<CertificationBench['networks'], 'denoiser' | 'classifier'>
}

/** Certifies with a fixed n and adaptively. */
export async function adaptiveSeconds(bench: Networks, options: AdaptiveOptions): Promise<AdaptiveSeconds> {
  const { images, fixedImages = images, radii, n0, n, batch } = options
  const bound = gaussianBound(SIGMA)
  const certifierOf = (adaptive: CertificationConfig['adaptive']) =>
    certifiersOf(procedureOf({ adaptive, n, batch }, { sigma: SIGMA }), {
      ...{ alpha: ALPHA, n0, n, bound },
    })()
  const certifiers = {
    fixed: certifierOf('none'),
    adaptive: certifierOf({ radii: radii === 'sigma' ? radii : [...radii] }),
  }
  // Once without being timed.
  await certify(bench, { ...options, probabilities: [0.99], certifier: certifiers.adaptive })
  const timed = (certifier: Certifier, count: number) =>
    certify(bench, { ...options, probabilities: typicalProbabilities(count), certifier })
  const fixed = await timed(certifiers.fixed, fixedImages)
  const adaptive = await timed(certifiers.adaptive, images)
  return { images, fixed, adaptive }
}

function typicalProbabilities(count: number): readonly number[] {
  return Array.from({ length: count }, (_, image) => {
    const place = Math.floor(((image + 0.5) / count) * TYPICAL_PROBABILITIES.length)
    return TYPICAL_PROBABILITIES[place] ?? 1
  })
}

async function certify(
  { session, networks, dataset }: Networks,
  {
    probabilities,
    certifier,
    batch,
    clock,
  }: Pick<AdaptiveOptions, 'batch' | 'clock'> & {
    readonly probabilities: readonly number[]
    readonly certifier: Certifier
  },
): Promise<Cost> {
  const main = {
    smoothing: smoothingOf(networks.denoiser, SIGMA),
    voter: singleVoter(networks.classifier, { classes: dataset.description.classes.length }),
  }
  const passes = new VotingPasses<[]>(session, { main })
  const waiting = probabilities.entries()
  const found = { passes: 0, copies: 0, room: 0 }
  const queue = new CopyQueue<ImageAtHand<[]> & { readonly probability: number }>({
    lines: new Map([['main', { ballots: main.voter.ballots, size: new PassSize(batch) }]]),
    next: async () => {
      const { value } = waiting.next()
      if (value === undefined) return undefined
      const [image, probability] = value
      const image_CHW = session.scope(() =>
        toSymmetric(torch.select(dataset.images([image]).images_BCHW, 'B', 0)),
      )
      const opened = { image_CHW, stream: [0, 'bench', image], beside: [] as [], certifiers: [certifier] }
      return { image: { ...opened, probability }, certifiers: [certifier] }
    },
    vote: async pass => {
      const { class: seen = [] } = (await passes.vote(pass)) as { readonly class?: readonly number[] }
      const drawn = pass.runs.flatMap(({ image, stage, start, count }) =>
        Array.from({ length: count }, (_, copy) => {
          const random = randomNumbers(...image.stream, stage, start + copy)
          return random() < image.probability ? 0 : 1
        }),
      )
      found.passes += 1
      found.copies += drawn.length
      found.room += pass.size
      return { class: [...drawn, ...seen.slice(drawn.length)] }
    },
  })
  const before = clock()
  for await (const { image } of queue.certified()) session.free(image.image_CHW)
  const seconds = (clock() - before) / probabilities.length
  passes.free()
  return {
    ...{ seconds, copies: found.copies / probabilities.length, passes: found.passes },
    padding: 1 - found.copies / found.room,
  }
}
