import type { Procedure, Read, Session } from '../../bridge'
import { noisyCopies } from '../../smoothing/noisy-copies'
import { ONCE, type Purification, purified } from '../../smoothing/purification'
import type { Smoothing } from '../../smoothing/smoothing'
import {
  type Axes,
  type Classifier,
  type CopyRuns,
  copyRuns,
  joinRows,
  noGrad,
  stackTensors,
  type Tensor,
} from '../../torch'
import type { Cast, KeptTensors, Rest } from '../voters'
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

interface RestInputs {
  readonly networks: readonly Classifier[]
  readonly kept: KeptTensors
}

/** Has passes vote: recorded programs whose images and copies are inputs, one a line and one for each rest of its voter. */
export class VotingPasses<Beside> {
  readonly #session: Session
  readonly #lines: Readonly<Record<string, Line>>
  readonly #programs = new Map<string, Procedure<PassInputs, Readonly<Record<string, Cast>>>>()
  readonly #rests = new Map<Rest, Procedure<RestInputs, Tensor<'N'>>>()
  /** Copies that wait for a pass of a rest. */
  readonly #kept = new Set<KeptTensors>()
  /** What was read beside the votes of an image. */
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
    const classes = mapped(cast, votes => ('kept' in votes ? votes.class_N : votes))
    const answer = session.read({ classes, beside: unread.map(({ beside }) => beside) })
    session.free(Object.values(classes))
    const kept = Object.values(cast).flatMap(votes => ('kept' in votes ? [votes.kept] : []))
    for (const each of kept) this.#kept.add(each)
    const read = await answer.catch(error => {
      for (const each of kept) this.#free(each)
      throw error
    })
    for (const [place, image] of unread.entries()) this.#beside.set(image, read.beside[place] as Read<Beside>)
    return mapped(read.classes, (labels, ballot) => {
      const votes = cast[ballot]
      if (votes === undefined || !('kept' in votes)) return labels
      return { labels, kept: { tensors: votes.kept, free: () => this.#free(votes.kept) } }
    })
  }

  /** Has the rest of a voter settle the classes of copies that are kept. They stay alive. */
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

  /** What was to be read beside the votes of an image, also where nothing was asked of it. */
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
        return majority(looks.map(look => session.scope(() => voter.cast(look(), ballots))))
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

function mapped<T, R>(
  record: Readonly<Record<string, T>>,
  value: (entry: T, name: string) => R,
): Readonly<Record<string, R>> {
  return Object.fromEntries(Object.entries(record).map(([name, entry]) => [name, value(entry, name)]))
}
