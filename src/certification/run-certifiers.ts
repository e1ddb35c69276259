import type { Read, Session } from '../bridge'
import type { Outcome } from '../logs/outcome'
import type { Smoothing } from '../smoothing/smoothing'
import type { StreamName } from '../streams'
import type { Tensor } from '../torch'
import type { BatchSize } from './batch-size'
import type { Ask, Certifier, Tally } from './certifiers'
import { requireVotes, VoteCount } from './record-votes'
import type { Voter } from './voters'

/** An image to certify, alive until it is. */
export interface ImageAtHand<Beside> {
  /** In [-1, 1]. */
  readonly image_CHW: Tensor<'CHW'>
  /** The name of the image among noise streams. */
  readonly stream: StreamName
  /** Handles that are read with the first votes. */
  readonly beside: Beside
}

export interface RunCertifiersOptions {
  readonly smoothing: Smoothing
  readonly voter: Voter
  readonly batch: BatchSize
  /**
   * Called about each second with how many copies of the image have voted, and how many were asked for until then. What it
   * costs is a few answers more. Default: nobody is told, and all that is asked for at once is one answer.
   */
  readonly onCopies?: ((copies: number, of: number) => void) | undefined
}

/** What an ask is answered for. */
interface OpenAsk {
  readonly ask: Ask
  readonly ballots: readonly string[]
}

/**
 * Runs certifiers on one image until each has its outcome. What they ask for at the same time is one answer of Python, and
 * what several ask for is drawn once, for all of their ballots. The noise of a copy is named by the image, the stage and
 * the number of the copy: neither who else asks nor how the copies are asked for changes a vote.
 *
 * @throws CheckpointError if a noisy copy voted for no class
 */
export async function runCertifiers<Beside>(
  { image_CHW, stream, beside }: ImageAtHand<Beside>,
  certifiers: readonly Certifier[],
  { smoothing, voter, batch, onCopies }: RunCertifiersOptions,
): Promise<{ readonly beside: Read<Beside>; readonly outcomes: readonly Outcome[] }> {
  const { session } = image_CHW
  const countOf = (size: number, { ask, ballots }: OpenAsk) =>
    new VoteCount(image_CHW, {
      ...{ smoothing, voter, ballots, n: ask.count, from: ask.from, batch: size },
      stream: [...stream, ask.stage],
    })
  const runs = certifiers.map(certifier => {
    const steps = certifier.begin()
    return { ballot: certifier.ballot, steps, step: steps.next([]) }
  })
  let read: Read<Beside> | undefined
  let answered = 0
  for (;;) {
    const asks = openAsks(runs.flatMap(({ ballot, step }) => (step.done ? [] : { ballot, asks: step.value })))
    if (asks.size === 0 && read !== undefined) break
    const open = [...asks.values()]
    const answer = await batch.run(async size => {
      const counts = open.map(ask => countOf(size, ask))
      try {
        if (onCopies !== undefined) await recordCounted(session, counts, { first: size, answered, onCopies })
        for (const count of counts) count.record(count.n - count.drawn)
        const votes = counts.map(count => count.votes)
        // Not awaited: what is freed below is freed in Python when this has been read.
        return session.read({ votes, beside: read === undefined ? [beside] : [] })
      } finally {
        for (const count of counts) count.free()
      }
    })
    read ??= answer.beside[0] as Read<Beside>
    answered += open.reduce((sum, { ask }) => sum + ask.count, 0)
    const tallies = new Map([...asks.keys()].map((key, position) => [key, answer.votes[position] ?? {}]))
    for (const run of runs) {
      if (run.step.done) continue
      run.step = run.steps.next(
        run.step.value.map((ask): Tally => {
          const counts = tallies.get(keyOf(ask))?.[run.ballot] ?? []
          requireVotes(counts, ask.count)
          return counts
        }),
      )
    }
  }
  return { beside: read, outcomes: runs.flatMap(({ step }) => (step.done ? [step.value] : [])) }
}

const COUNTED_EVERY_MS = 1000

/** Lets all but the last copies vote, and tells how many have after each second. */
async function recordCounted(
  session: Session,
  counts: readonly VoteCount[],
  {
    first,
    answered,
    onCopies,
  }: {
    readonly first: number
    readonly answered: number
    readonly onCopies: (copies: number, of: number) => void
  },
): Promise<void> {
  const of = answered + counts.reduce((sum, { n }) => sum + n, 0)
  let before = answered
  let copies = first
  for (const count of counts) {
    while (count.drawn + copies < count.n) {
      const begunMs = performance.now()
      const { drawn } = count
      count.record(copies)
      await session.read(count.votes)
      onCopies(before + count.drawn, of)
      const perMs = (count.drawn - drawn) / (performance.now() - begunMs)
      copies = Math.max(first, Math.round(perMs * COUNTED_EVERY_MS))
    }
    before += count.n
  }
}

/** Images in work, of which none is left over: not even where the caller no longer waits for them. */
export class ImagesInWork implements Disposable {
  readonly #images = new Set<ImageAtHand<unknown>>()

  /** Runs certifiers on an image as {@link runCertifiers} does, and frees it. */
  async certify<Beside>(
    image: ImageAtHand<Beside>,
    certifiers: readonly Certifier[],
    options: RunCertifiersOptions,
  ): ReturnType<typeof runCertifiers<Beside>> {
    this.#images.add(image)
    try {
      return await runCertifiers(image, certifiers, options)
    } finally {
      this.#free(image)
    }
  }

  [Symbol.dispose](): void {
    for (const image of this.#images) this.#free(image)
  }

  #free(image: ImageAtHand<unknown>): void {
    const { image_CHW, beside } = image
    image_CHW.session.free([image_CHW, beside])
    this.#images.delete(image)
  }
}

/** Each ask once, with the ballots of all that ask it. */
function openAsks(
  asking: readonly { readonly ballot: string; readonly asks: readonly Ask[] }[],
): ReadonlyMap<string, OpenAsk> {
  const open = new Map<string, OpenAsk>()
  for (const { ballot, asks } of asking) {
    for (const ask of asks) {
      const ballots = new Set([...(open.get(keyOf(ask))?.ballots ?? []), ballot])
      open.set(keyOf(ask), { ask, ballots: [...ballots] })
    }
  }
  return open
}

function keyOf({ stage, from, count }: Ask): string {
  return JSON.stringify([stage, from ?? 0, count])
}
