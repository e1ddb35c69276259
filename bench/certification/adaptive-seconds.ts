import { gaussianBound, smoothingOf, torch, toSymmetric } from '../../src'
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
import { processorSeconds } from './processor-seconds'

/** What an image takes with a fixed n and adaptively, where classes are draws with known probabilities and networks cost what they cost. */
export interface AdaptiveSeconds {
  readonly images: number
  readonly fixed: Cost
  readonly adaptive: Cost
}

export interface Cost {
  /** Of an image: user and system time of Python and Node, or elapsed time where the system does not tell. */
  readonly seconds: number
  readonly copies: number
  readonly passes: number
  /** Share of the copies in passes that were padding. */
  readonly padding: number
}

const VOTES = { alpha: 0.001, n0: 100, n: 10_000 }

/** σ of the log that the probabilities are of. */
const SIGMA = 0.5

/** Every this many of the 100 probabilities, an image each. */
export async function adaptiveSeconds(
  bench: CertificationBench,
  { images, batch }: { readonly images: number; readonly batch: number },
): Promise<AdaptiveSeconds> {
  const probabilities = Array.from({ length: images }, (_, image) => {
    const place = Math.floor(((image + 0.5) / images) * TYPICAL_PROBABILITIES.length)
    return TYPICAL_PROBABILITIES[place] ?? 1
  })
  const bound = gaussianBound(SIGMA)
  const certifierOf = (adaptive: 'none' | { radii: 'sigma' }) =>
    certifiersOf(procedureOf({ adaptive, n: VOTES.n, batch }, { sigma: SIGMA }), { ...VOTES, bound })()
  const certifiers = { fixed: certifierOf('none'), adaptive: certifierOf({ radii: 'sigma' }) }
  // Once without being timed.
  await certify(bench, { probabilities: [0.99], certifier: certifiers.adaptive, batch })
  const fixed = await certify(bench, { probabilities, certifier: certifiers.fixed, batch })
  const adaptive = await certify(bench, { probabilities, certifier: certifiers.adaptive, batch })
  return { images, fixed, adaptive }
}

async function certify(
  { session, networks, dataset }: CertificationBench,
  {
    probabilities,
    certifier,
    batch,
  }: { readonly probabilities: readonly number[]; readonly certifier: Certifier; readonly batch: number },
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
  const before = processorSeconds(session)
  for await (const { image } of queue.certified()) session.free(image.image_CHW)
  const seconds = (processorSeconds(session) - before) / probabilities.length
  passes.free()
  return {
    ...{ seconds, copies: found.copies / probabilities.length, passes: found.passes },
    padding: 1 - found.copies / found.room,
  }
}
