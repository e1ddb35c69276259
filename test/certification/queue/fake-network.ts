import { setImmediate } from 'node:timers/promises'
import type { Ask, Certifier, Tally } from '../../../src/certification/certifiers'
import {
  type CertifiedFromQueue,
  CopyQueue,
  type CopyQueueOptions,
  type Pass,
  type RestPass,
} from '../../../src/certification/queue/copy-queue'
import { queueLine } from '../../../src/certification/queue/line'
import { PassSize } from '../../../src/certification/queue/pass-size'
import type { CastVotes } from '../../../src/certification/queue/passes'
import { type KeptTensors, OPEN } from '../../../src/certification/voters'
import { PythonError } from '../../../src/errors'

export const CLASSES = 5

/** The class that the network gives a copy: a function of its image, stage and number. */
export function classOf(image: string, stage: string, copy: number): number {
  let hash = 17
  for (const character of `${image}/${stage}/${copy}`) hash = (hash * 31 + character.charCodeAt(0)) % 100_003
  return hash % CLASSES
}

/** Votes by class on copies of an image. */
export function votesOn(image: string, { stage, from = 0, count }: Ask): number[] {
  const votes = Array<number>(CLASSES).fill(0)
  for (let copy = from; copy < from + count; copy += 1) {
    const label = classOf(image, stage, copy)
    votes[label] = (votes[label] ?? 0) + 1
  }
  return votes
}

/** Whether the first members of the network differ on a copy: about one in `every`. */
export function differOn(image: string, stage: string, copy: number, every: number): boolean {
  return classOf(`rest of ${image}`, stage, copy * 7) % every === 0
}

/** Kept copies of fake passes, which are their classes, and how many are kept at the moment. */
export class FakeRests {
  readonly passes: RestPass[] = []
  readonly #kept = new Map<KeptTensors, readonly number[]>()

  get alive(): number {
    return [...this.#kept.values()].reduce((total, labels) => total + labels.length, 0)
  }

  /** What a pass says whose copies are open where told. */
  votes(labels: readonly number[], isOpen: readonly boolean[]): CastVotes[string] {
    const tensors = {} as KeptTensors
    this.#kept.set(
      tensors,
      labels.filter((_, copy) => isOpen[copy]),
    )
    return {
      labels: labels.map((label, copy) => (isOpen[copy] ? OPEN : label)),
      kept: { tensors, free: () => this.#kept.delete(tensors) },
    }
  }

  vote(pass: RestPass): readonly number[] {
    this.passes.push(pass)
    const labels = pass.runs.flatMap(({ kept, start, count }) => {
      const known = this.#kept.get(kept)
      if (known === undefined) throw new Error('the copies are kept no more')
      return known.slice(start, start + count)
    })
    return [...labels, ...Array<number>(pass.size - labels.length).fill(0)]
  }
}

/** Asks for these, one step after the other, and notes what it is told. */
export function asking(steps: readonly (readonly Ask[])[], told: Tally[] = [], ballot = 'class'): Certifier {
  return {
    ...{ kind: 'asking', ballot },
    *begin() {
      for (const asks of steps) told.push(...(yield asks))
      return { kind: 'undecided', why: '', evidence: {} as never }
    },
  }
}

export const outOfMemory = (): PythonError =>
  new PythonError(
    {
      pythonType: 'OutOfMemoryError',
      pythonMessage: 'CUDA out of memory.',
      traceback: '',
      operation: 'conv2d',
      recordedAt: 'here',
    },
    { remedy: 'Use a smaller batch.' },
  )

interface Settings extends Partial<Omit<CopyQueueOptions<string>, 'lines' | 'vote' | 'next'>> {
  readonly size: number
  readonly lines?: readonly string[]
  /** Copies in a pass that memory suffices for. */
  readonly most?: number
  /** Of about one copy in this many the class is left open. Default: of none. */
  readonly open?: number
  /** Instead of the class that the network gives: -1 for none. */
  readonly broken?: (pass: Pass<string>) => boolean
  /** Which passes are never answered. */
  readonly hangs?: (pass: Pass<string>) => boolean
  readonly onNote?: (note: string) => void
  /** Called when a pass is sent. */
  readonly onPass?: (pass: Pass<string>, underWay: number) => void
}

/** A queue before a network that needs no Python, and the passes that it was sent. */
export function queueOf(images: readonly (readonly [string, readonly Certifier[]])[], settings: Settings) {
  const {
    size,
    lines = ['main'],
    most = Number.POSITIVE_INFINITY,
    open,
    broken,
    hangs,
    onNote,
    onPass,
    ...options
  } = settings
  const passes: Pass<string>[] = []
  const rests = new FakeRests()
  const voter = {
    ballots: { class: { classes: CLASSES } },
    ...(open !== undefined && { rests: { class: { networks: [], cast: () => ({}) as never } } }),
  }
  const waiting = images[Symbol.iterator]()
  let opened = 0
  let underWay = 0
  const queue = new CopyQueue<string>({
    ...options,
    lines: new Map(lines.map(name => [name, queueLine(voter, () => new PassSize(size, { onNote }))])),
    next: async () => {
      const { value, done } = waiting.next()
      if (done === true) return undefined
      opened += 1
      return { image: value[0], certifiers: value[1] }
    },
    vote: async pass => {
      passes.push(pass)
      underWay += 1
      onPass?.(pass, underWay)
      if (hangs?.(pass)) await new Promise(() => undefined)
      await setImmediate()
      underWay -= 1
      if (pass.size > most) throw outOfMemory()
      const classes = pass.runs.flatMap(({ image, stage, start, count }) =>
        Array.from({ length: count }, (_, copy) => classOf(image, stage, start + copy)),
      )
      // Padding looks like votes.
      const padded = [...classes, ...Array<number>(pass.size - classes.length).fill(0)]
      if (open !== undefined) return { class: rests.votes(padded, openIn(pass, open)) }
      return { class: broken?.(pass) ? padded.fill(-1) : padded }
    },
    voteRest: async pass => {
      await setImmediate()
      if (pass.size > most) throw outOfMemory()
      return rests.vote(pass)
    },
  })
  return { queue, passes, rests, opened: () => opened }
}

/** Which copies of a pass are left open; padding is, as it may be. */
export function openIn({ runs, size }: Pass<string>, every: number): readonly boolean[] {
  const open = runs.flatMap(({ image, stage, start, count }) =>
    Array.from({ length: count }, (_, copy) => differOn(image, stage, start + copy, every)),
  )
  return [...open, ...Array<boolean>(size - open.length).fill(true)]
}

export async function collected(queue: CopyQueue<string>): Promise<CertifiedFromQueue<string>[]> {
  const all: CertifiedFromQueue<string>[] = []
  for await (const image of queue.certified()) all.push(image)
  return all
}

/** How many copies of the runs are in a pass. */
export function filled({ runs }: Pick<Pass<string> | RestPass, 'runs'>): number {
  return runs.reduce((total, { count }) => total + count, 0)
}
