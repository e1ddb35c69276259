import type { Smoothing } from '../smoothing/smoothing'
import type { Tensor } from '../torch'
import type { AdaptiveCertification, VoteRequest } from './adaptive'
import type { BatchSize } from './batch-size'
import { ABSTAIN, type Certificate, leadingClass } from './statistics'
import { recordVotes, requireVotes } from './vote-counts'

/** A certificate from as many votes as it took; its `n` are those of the estimation. */
export interface AdaptiveImageCertificate extends Certificate {
  /** Votes that planned the estimation, beside `n`. */
  readonly pilot: number
}

export interface CertifyAdaptivelyOptions {
  readonly certification: AdaptiveCertification
  /** Noisy copies that pick the class. */
  readonly n0: number
  readonly batch: BatchSize
  /** K. */
  readonly classes: number
  /** The name of the image among noise streams. */
  readonly stream: readonly (string | number)[]
}

/**
 * Certifies one image for one base classifier with as many votes as its decisions take, in several answers of Python.
 * Each request has a noise stream of its own, named by the votes before it: what is drawn does not depend on the passes.
 *
 * @param image_CHW - one image in [-1, 1]
 */
export async function certifyAdaptively(
  smoothing: Smoothing,
  image_CHW: Tensor<'CHW'>,
  { certification, n0, batch, classes, stream }: CertifyAdaptivelyOptions,
): Promise<AdaptiveImageCertificate> {
  const { session } = image_CHW
  const run = certification.begin()
  const drawn = { pilot: 0, estimation: 0 }
  const record = (size: number, votes: number, name: readonly (string | number)[]) =>
    recordVotes(smoothing, image_CHW, { n: votes, batch: size, classes, stream: [...stream, ...name] })
  const recordRequest = (size: number, { votes, stage }: VoteRequest) =>
    record(size, votes, [stage, drawn[stage]])

  // Votes are counted for every class, so that the first request need not wait for the class to be picked.
  const first = run.next
  const begun = await batch.run(size =>
    session.compute(() => ({
      selection: record(size, n0, ['selection']),
      votes: first === undefined ? [] : recordRequest(size, first),
    })),
  )
  requireVotes(begun.selection[0] ?? [], n0)
  const candidate = leadingClass(begun.selection[0] ?? [])
  let totals = Array<number>(classes).fill(0)
  let counts: readonly number[] = begun.votes[0] ?? []
  for (let request = first; request !== undefined; request = run.next) {
    if (request !== first) counts = await draw(request)
    requireVotes(counts, request.votes)
    if (request.stage === 'estimation') totals = totals.map((total, label) => total + (counts[label] ?? 0))
    drawn[request.stage] += request.votes
    run.observe(counts[candidate] ?? 0)
  }

  async function draw(request: VoteRequest): Promise<readonly number[]> {
    const [votes = []] = await batch.run(size => session.compute(() => recordRequest(size, request)))
    return votes
  }

  const { abstains, radius, lowerBound, candidateCount, n, pilot } = run.certificate
  const runnerUp = leadingClass(totals, candidate)
  return {
    prediction: abstains ? ABSTAIN : candidate,
    ...{ radius, lowerBound, candidate, candidateCount, runnerUp, n0, n, pilot },
    runnerUpCount: totals[runnerUp] ?? 0,
  }
}
