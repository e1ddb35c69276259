import type { Outcome } from '../../logs/outcome'
import type { StreamName } from '../../streams'
import type { Ask, Certifier, Steps, Tally } from '../certifiers'
import type { Voter } from '../voters'
import { CopyRequest } from './copy-request'
import { ballotOf, MAIN_LINE } from './line'
import { requireVotes } from './require-votes'

/** A certifier's run on the image. */
interface Run {
  readonly ballot: string
  readonly steps: Steps
  step: IteratorResult<readonly Ask[], Outcome>
}

/** Votes so far on the copies that an image has requested last. */
export interface VotesSoFar {
  /** By class, for the stage that bounds the probability of one. */
  readonly counts: readonly number[]
  /** How many copies of all stages have voted since the image was started, and how many were requested. */
  readonly voted: number
  readonly asked: number
}

/** The stage whose votes bound the probability of a class. */
const ESTIMATION = 'estimation'

/**
 * An image between its first request and its outcomes. Its certifiers proceed together: simultaneous requests are drawn once, and they
 * continue when all are answered.
 */
export class ImageAtWork<Image> {
  readonly position: number
  /** Computing time of its copies. */
  durationMs = 0
  #runs: Run[] = []
  #requests: ReadonlyMap<string, CopyRequest> = new Map()
  #hasAsked = false
  #answered = 0
  #failure: { readonly error: unknown } | undefined
  #isWithdrawn = false
  readonly #lines: ReadonlyMap<string, Pick<Voter, 'ballots'>>

  /**
   * @param options - `position`: its position among the images of the command, counted from 0; `stream`: its name, for certifiers' own
   *   draws
   */
  constructor(
    readonly image: Image,
    {
      position,
      stream,
      certifiers,
      lines,
    }: {
      readonly position: number
      readonly stream?: StreamName | undefined
      readonly certifiers: readonly Certifier[]
      readonly lines: ReadonlyMap<string, Pick<Voter, 'ballots'>>
    },
  ) {
    this.position = position
    this.#lines = lines
    this.#begin(certifiers, stream)
  }

  /** Whether the image was withdrawn. */
  get isWithdrawn(): boolean {
    return this.#isWithdrawn
  }

  /** Withdraws the image: it requests nothing more. */
  withdraw(): void {
    this.#isWithdrawn = true
  }

  /** Whether it has its outcomes, or has failed. */
  get isDone(): boolean {
    return this.#failure !== undefined || this.#runs.every(({ step }) => step.done === true)
  }

  /**
   * The outcome of each certifier.
   *
   * @throws CheckpointError if a noisy copy voted for no class; ConfigError if a certifier requests an unknown line or ballot
   */
  get outcomes(): readonly Outcome[] {
    if (this.#failure !== undefined) throw this.#failure.error
    return this.#runs.flatMap(({ step }) => (step.done ? [step.value] : []))
  }

  /** Number of copies requested so far, and number that have voted. */
  get copies(): { readonly voted: number; readonly asked: number } {
    const open = [...this.#requests.values()]
    return {
      voted: open.reduce((total, { voted }) => total + voted, this.#answered),
      asked: open.reduce((total, { count }) => total + count, this.#answered),
    }
  }

  /** The votes of the latest estimation; undefined if there was none. */
  get votes(): VotesSoFar | undefined {
    const [run] = this.#runs
    const open = [...this.#requests.values()].find(({ stage }) => stage === ESTIMATION)
    const counts = open?.votes.get(run?.ballot ?? '')
    return counts === undefined ? undefined : { counts: [...counts], ...this.copies }
  }

  /** Returns the next requested copies, each once; empty while earlier requests are open. */
  advance(): readonly CopyRequest[] {
    if (this.#isWithdrawn) return []
    try {
      while (!this.isDone && [...this.#requests.values()].every(({ isAnswered }) => isAnswered)) {
        if (this.#hasAsked) this.#answer()
        this.#hasAsked = true
        // The last requests stay, so that their votes can be shown.
        if (this.isDone) break
        this.#answered = this.copies.asked
        this.#requests = this.#nextRequests()
        const open = [...this.#requests.values()].filter(({ isAnswered }) => !isAnswered)
        if (open.length > 0) return open
      }
    } catch (error) {
      this.#failure = { error }
    }
    return []
  }

  #begin(certifiers: readonly Certifier[], stream: StreamName | undefined): void {
    try {
      for (const certifier of certifiers) {
        const steps = certifier.begin(stream)
        this.#runs.push({ ballot: certifier.ballot, steps, step: steps.next([]) })
      }
    } catch (error) {
      this.#failure = { error }
    }
  }

  #answer(): void {
    for (const run of this.#runs) {
      if (run.step.done) continue
      const tallies = run.step.value.map((ask): Tally => {
        const votes = this.#requests.get(keyOf(ask))?.votes.get(ask.ballot ?? run.ballot) ?? []
        const { line = MAIN_LINE, ballot = run.ballot } = ask
        const isScores = ballotOf(this.#lines, { line, ballot }).kind === 'scores'
        requireVotes(isScores ? votes.slice(-1) : votes, ask.count)
        return votes
      })
      run.step = run.steps.next(tallies)
    }
  }

  /** Merges equal requests, with the ballots of all of them. */
  #nextRequests(): ReadonlyMap<string, CopyRequest> {
    const asked = new Map<string, { readonly ask: Ask; readonly classes: Map<string, number> }>()
    for (const { step, ballot: own } of this.#runs) {
      for (const ask of step.done ? [] : step.value) {
        const { line = MAIN_LINE, ballot = own } = ask
        const open = asked.get(keyOf(ask)) ?? { ask, classes: new Map<string, number>() }
        const { classes, kind } = ballotOf(this.#lines, { line, ballot })
        open.classes.set(ballot, kind === 'scores' ? 2 * classes + 1 : classes)
        asked.set(keyOf(ask), open)
      }
    }
    return new Map(
      [...asked].map(([key, { ask, classes }]) => {
        const { line = MAIN_LINE, stage, from: start = 0, count } = ask
        return [key, new CopyRequest({ line, stage, start, count }, classes)]
      }),
    )
  }
}

function keyOf({ line = MAIN_LINE, stage, from = 0, count }: Ask): string {
  return JSON.stringify([line, stage, from, count])
}
