import { DIGITS_NETWORKS, type Session, smoothingOf, torch, toSymmetric } from '../../src'
import type { Certifier } from '../../src/certification/certifiers'
import { ONLY_BALLOT } from '../../src/certification/certifiers/certifier'
import { certifyImages } from '../../src/certification/queue/certify-images'
import { ensembleVoter, type Members } from '../../src/certification/voters'
import { type Smoothing, seen } from '../../src/smoothing/smoothing'
import type { CertificationBench } from './certification-bench'
import { processorSeconds } from './processor-seconds'

/** Processor seconds of the same number of copies: as they vote, and through the networks alone. */
export interface EnsembleRound {
  /** Noise, denoising, three classifications, votes dealt to an image. */
  readonly ensembleSeconds: number
  /** Denoising and three classifications of noisy images that are there. */
  readonly networksSeconds: number
}

const MEMBERS = 3

/** Rounds of an ensemble and of its networks in turn, the first without being timed. */
export async function ensembleCost(
  { session, networks, dataset, config }: CertificationBench,
  { rounds, passes, batch }: { readonly rounds: number; readonly passes: number; readonly batch: number },
): Promise<EnsembleRound[]> {
  const others = await Promise.all(
    Array.from({ length: MEMBERS - 1 }, () =>
      torch.loadClassifier(session, { source: 'timm', path: DIGITS_NETWORKS.classifier }),
    ),
  )
  const members: Members = [networks.classifier, ...others]
  const smoothing = smoothingOf(networks.denoiser, config.smoothing.sigma)
  const classes = dataset.description.classes.length
  const main = { smoothing, voter: ensembleVoter(members, { classes }) }
  const image = () => toSymmetric(torch.select(dataset.images([0]).images_BCHW, 'B', 0))
  const vote = async () => {
    const open = () => ({
      ...{ image_CHW: session.scope(image), stream: ['bench'], beside: [] },
      certifiers: [drawing(passes * batch)],
    })
    for await (const _ of certifyImages(session, [0], open, { lines: { main }, batch }));
  }
  const alone = session.procedure(
    (inputs: { smoothing: Smoothing; members: Members; noisy_NCHW: torch.Tensor<'NCHW'> }) => {
      const seen_NCHW = seen(inputs.smoothing, inputs.noisy_NCHW)
      return torch.noGrad(session, () => inputs.members.map(member => member.classify(seen_NCHW)))
    },
  )
  const noisy_NCHW = session.scope(() => torch.expand(image(), { axis: 'N', count: batch }))
  const classify = async () => {
    for (let pass = 0; pass < passes; pass += 1) {
      // One number of each: what is read back costs next to nothing, and tells that all was computed.
      await session.compute(() => ({
        logits: alone
          .call({ smoothing, members, noisy_NCHW })
          .map(logits_NK => torch.select(torch.select(logits_NK, 'N', 0), 'K', 0)),
      }))
    }
  }
  const times: EnsembleRound[] = []
  for (let round = 0; round <= rounds; round += 1) {
    const first = round % 2 === 0 ? await timed(session, vote) : undefined
    const networksSeconds = await timed(session, classify)
    const ensembleSeconds = first ?? (await timed(session, vote))
    if (round > 0) times.push({ ensembleSeconds, networksSeconds })
  }
  alone.free()
  session.free([noisy_NCHW, others])
  return times
}

async function timed(session: Session, work: () => Promise<void>): Promise<number> {
  const before = processorSeconds(session)
  await work()
  return processorSeconds(session) - before
}

/** Draws copies and states nothing. */
function drawing(count: number): Certifier {
  return {
    ...{ kind: 'drawing', ballot: ONLY_BALLOT },
    *begin() {
      yield [{ stage: 'estimation', count }]
      const evidence = { candidate: 0, candidateCount: 0, runnerUp: 0, runnerUpCount: 0, n0: 0, n: count }
      return { kind: 'undecided', why: '', evidence }
    },
  }
}
