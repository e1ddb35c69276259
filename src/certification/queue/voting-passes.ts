import type { Procedure, Read, Session } from '../../bridge'
import { noisyCopies } from '../../smoothing/noisy-copies'
import { ONCE, type Purification, purified } from '../../smoothing/purification'
import type { Smoothing } from '../../smoothing/smoothing'
import { type Classifier, type CopyRuns, copyRuns, noGrad, stackTensors, type Tensor } from '../../torch'
import { BLOCK } from './block'
import type { Pass } from './copy-queue'
import type { CastVotes } from './copy-request'
import type { ImageAtHand } from './image-at-hand'
import type { Line } from './line'
import { majority } from './majority'

interface PassInputs {
  readonly smoothing: Smoothing
  readonly purification: Purification
  readonly networks: readonly Classifier[]
  readonly images_SCHW: Tensor<'SCHW'>
  readonly runs: CopyRuns
  readonly ballots: readonly string[]
}

/** Has passes vote: one recorded program a line, whose images and copies are inputs. */
export class VotingPasses<Beside> {
  readonly #session: Session
  readonly #lines: Readonly<Record<string, Line>>
  readonly #programs = new Map<string, Procedure<PassInputs, Readonly<Record<string, Tensor<'N'>>>>>()
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
    const answer = session.read({ cast, beside: unread.map(({ beside }) => beside) })
    session.free(cast)
    const read = await answer
    for (const [place, image] of unread.entries()) this.#beside.set(image, read.beside[place] as Read<Beside>)
    return read.cast
  }

  /** What was to be read beside the votes of an image, also where nothing was asked of it. */
  async besideOf(image: ImageAtHand<Beside>): Promise<Read<Beside>> {
    return this.#beside.get(image) ?? (await this.#session.read(image.beside))
  }

  free(): void {
    for (const program of this.#programs.values()) program.free()
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
}
