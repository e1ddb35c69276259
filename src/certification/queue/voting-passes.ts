import type { Procedure, Read, Session } from '../../bridge'
import { noisyCopies } from '../../smoothing/noisy-copies'
import { ONCE, type Purification, purified } from '../../smoothing/purification'
import type { Smoothing } from '../../smoothing/smoothing'
import { SCORE_STEPS } from '../../statistics/pixel-dp'
import {
  type Axes,
  type Classifier,
  type CopyRuns,
  copyRuns,
  joinRows,
  noGrad,
  scoreSumsOfRuns,
  stackTensors,
  type Tensor,
} from '../../torch'
import type { Cast, KeptTensors, OpenCast, Rest } from '../voters'
import { BLOCK } from './block'
import type { ImageAtHand } from './image-at-hand'
import type { Line } from './line'
import { majority } from './majority'
import type { CastVotes, Pass, RestPass } from './passes'
import type { Labels } from './waiting-copies'

interface PassInputs {
  readonly smoothing: Smoothing
  readonly purification: Purification
  readonly networks: readonly Classifier[]
  readonly images_SCHW: Tensor<'SCHW'>
  readonly runs: CopyRuns
  readonly ballots: readonly string[]
}

/** Values to read from a pass: classes, or for scores the sums of each run. */
type Recorded = Tensor<'N'> | OpenCast | { readonly sums_RS: Tensor<'RS'> }

interface RestInputs {
  readonly networks: readonly Classifier[]
  readonly kept: KeptTensors
}

/** Runs passes as recorded programs with images and copies as inputs: one program per line, and one for each of its voter's rests. */
export class VotingPasses<Beside> {
  readonly #session: Session
  readonly #lines: Readonly<Record<string, Line>>
  readonly #programs = new Map<string, Procedure<PassInputs, Readonly<Record<string, Recorded>>>>()
  readonly #rests = new Map<Rest, Procedure<RestInputs, Tensor<'N'>>>()
  /** Copies that wait for a pass of a rest. */
  readonly #kept = new Set<KeptTensors>()
  /** Values read with the votes of an image. */
  readonly #beside = new WeakMap<ImageAtHand<Beside>, Read<Beside>>()

  constructor(session: Session, lines: Readonly<Record<string, Line>>) {
    this.#session = session
    this.#lines = lines
  }

  async vote({ line: name, size, runs, ballots }: Pass<ImageAtHand<Beside>>): Promise<CastVotes> {
    const session = this.#session
    const line = this.#lines[name] as Line
    const images = [...new Set(runs.map(({ image }) => image))]
    const cast = session.scope(() => {
      const tensors = images.map(({ image_CHW }) => image_CHW)
      const streams = runs.map(({ image, stage, start, count }) => ({
        ...{ image: images.indexOf(image), name: [...image.stream, stage], start, count },
      }))
      return this.#program(name, line).call({
        ...{ smoothing: line.smoothing, purification: line.purification ?? ONCE },
        ...{ networks: line.voter.networks, ballots },
        images_SCHW: stackTensors(tensors as [Tensor<'CHW'>, ...Tensor<'CHW'>[]], { as: 'S' }),
        runs: copyRuns(session, streams, { size, block: BLOCK }),
      })
    })
    const unread = images.filter(image => !this.#beside.has(image))
    const classes = entriesWhere(cast, votes =>
      'sums_RS' in votes ? undefined : 'kept' in votes ? votes.class_N : votes,
    )
    const sums = entriesWhere(cast, votes => ('sums_RS' in votes ? votes.sums_RS : undefined))
    const answer = session.read({ classes, sums, beside: unread.map(({ beside }) => beside) })
    session.free([...Object.values(classes), ...Object.values(sums)])
    const kept = Object.values(cast).flatMap(votes => ('kept' in votes ? [votes.kept] : []))
    for (const each of kept) this.#kept.add(each)
    const read = await answer.catch(error => {
      for (const each of kept) this.#free(each)
      throw error
    })
    for (const [place, image] of unread.entries()) this.#beside.set(image, read.beside[place] as Read<Beside>)
    const labels = entriesWhere(read.classes, (labels, ballot) => {
      const votes = cast[ballot]
      if (votes === undefined || !('kept' in votes)) return labels
      return { labels, kept: { tensors: votes.kept, free: () => this.#free(votes.kept) } }
    })
    return { ...labels, ...entriesWhere(read.sums, sums => ({ sums })) }
  }

  /** Settles the classes of kept copies with the rest of a voter. Does not free the copies. */
  async voteRest({ line, ballot, size, runs }: RestPass): Promise<Labels> {
    const session = this.#session
    const rest = this.#lines[line]?.voter.rests?.[ballot] as Rest
    const all = [...new Set(runs.map(({ kept }) => kept))]
    const rows = runs.map(({ kept, start, count }) => ({ tensor: all.indexOf(kept), start, count }))
    const joined = <A extends Axes>(tensors: readonly Tensor<A>[]) =>
      joinRows(tensors as [Tensor<A>, ...Tensor<A>[]], { runs: rows, size })
    return session.compute(() =>
      noGrad(session, () =>
        this.#restProgram(rest).call({
          networks: rest.networks,
          kept: {
            seen_NCHW: joined(all.map(({ seen_NCHW }) => seen_NCHW)),
            logits: (all[0]?.logits ?? []).map((_, member) =>
              joined(all.map(({ logits }) => logits[member] as Tensor<'NK'>)),
            ),
          },
        }),
      ),
    )
  }

  /** Reads the extra values of an image, even if it requested no votes. */
  async besideOf(image: ImageAtHand<Beside>): Promise<Read<Beside>> {
    return this.#beside.get(image) ?? (await this.#session.read(image.beside))
  }

  free(): void {
    for (const program of [...this.#programs.values(), ...this.#rests.values()]) program.free()
    for (const kept of [...this.#kept]) this.#free(kept)
  }

  #free(kept: KeptTensors): void {
    if (this.#kept.delete(kept)) this.#session.free(kept)
  }

  #program(name: string, { voter }: Line) {
    const session = this.#session
    const known = this.#programs.get(name)
    if (known !== undefined) return known
    const made = session.procedure(({ images_SCHW, runs, ballots, ...inputs }: PassInputs) => {
      const noisy_NCHW = noisyCopies(inputs.smoothing, images_SCHW, runs)
      return noGrad(session, () => {
        const looks = purified(inputs, noisy_NCHW, { images_SCHW, runs })
        const cast = majority(looks.map(look => session.scope(() => voter.cast(look(), ballots))))
        const recorded = (votes: Cast): Recorded =>
          'scores_NK' in votes
            ? { sums_RS: scoreSumsOfRuns(votes.scores_NK, runs, { steps: SCORE_STEPS }) }
            : votes
        return entriesWhere(cast, recorded)
      })
    })
    this.#programs.set(name, made)
    return made
  }

  #restProgram(rest: Rest) {
    const session = this.#session
    const known = this.#rests.get(rest)
    if (known !== undefined) return known
    const made = session.procedure(({ kept }: RestInputs) => noGrad(session, () => rest.cast(kept)))
    this.#rests.set(rest, made)
    return made
  }
}

/** Maps the entries that have a value. */
function entriesWhere<T, R>(
  record: Readonly<Record<string, T>>,
  value: (entry: T, name: string) => R | undefined,
): Readonly<Record<string, R>> {
  return Object.fromEntries(
    Object.entries(record).flatMap(([name, entry]) => {
      const found = value(entry, name)
      return found === undefined ? [] : [[name, found] as const]
    }),
  )
}
