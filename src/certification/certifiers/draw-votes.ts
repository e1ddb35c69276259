import { type Draw, type Evidence, sparseCounts } from '../../logs/outcome'
import type { AdaptiveRun, VoteRequest } from '../adaptive'
import { leadingClass } from '../statistics'
import type { Ask, Tally } from './certifier'

/** The draws of an adaptive run. */
export interface Drawn {
  /** The part that adaptive certifications share. */
  readonly evidence: Evidence
  readonly draws: Readonly<Record<VoteRequest['stage'], readonly Draw[]>>
}

/**
 * Draws the selection, and the votes that an adaptive run requests until it is done. Each request continues with the copies after those of
 * earlier requests. Votes are counted for every class, so the first request need not wait for the choice of the class.
 */
export function* drawVotes(
  run: AdaptiveRun,
  { n0 }: { readonly n0: number },
): Generator<readonly Ask[], Drawn, readonly Tally[]> {
  const drawn = { pilot: 0, estimation: 0 }
  const draws: Record<VoteRequest['stage'], Draw[]> = { pilot: [], estimation: [] }
  const askFor = (request: VoteRequest | undefined): Ask[] =>
    request === undefined ? [] : [{ stage: request.stage, from: drawn[request.stage], count: request.votes }]

  let request = run.next
  let [selection = [], tally = []] = yield [{ stage: 'selection', count: n0 }, ...askFor(request)]
  const candidate = leadingClass(selection)
  let totals = Array<number>(selection.length).fill(0)
  while (request !== undefined) {
    const { stage, votes } = request
    const counts = tally
    if (stage === 'estimation') totals = totals.map((total, label) => total + (counts[label] ?? 0))
    const hits = counts[candidate] ?? 0
    drawn[stage] += votes
    draws[stage].push([votes, hits])
    run.observe(hits)
    request = run.next
    if (request !== undefined) [tally = []] = yield askFor(request)
  }

  const { lowerBound, candidateCount, n, pilot } = run.certificate
  const runnerUp = leadingClass(totals, candidate)
  return {
    draws,
    evidence: {
      ...{ candidate, candidateCount, runnerUp, runnerUpCount: totals[runnerUp] ?? 0, n0, n },
      ...{ lowerBound, selection: sparseCounts(selection), pilot },
    },
  }
}
