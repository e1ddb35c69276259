import type { Read, Session } from '../../bridge'
import type { Outcome } from '../../logs/outcome'
import { CopyQueue, type CopyQueueOptions } from './copy-queue'
import type { ImageAtHand } from './image-at-hand'
import { type Line, queueLine } from './line'
import { PassSize, passSizeOf } from './pass-size'
import { VotingPasses } from './voting-passes'

export interface CertifyImagesOptions<Image>
  extends Pick<CopyQueueOptions<Image>, 'images' | 'signal' | 'onCopies'> {
  /** The smoothed classifiers that certifiers ask, by name; `main` is that of asks that name none. */
  readonly lines: Readonly<Record<string, Line>>
  /** Noisy copies in one pass: it decides memory and speed, and of votes their rounding alone. */
  readonly batch: number
  /** Called where memory does not suffice for a batch. */
  readonly onNote?: ((note: string) => void) | undefined
}

/** What was found of an image. */
export interface CertifiedItem<Item, Beside> {
  readonly item: Item
  readonly beside: Read<Beside>
  /** Of each certifier. */
  readonly outcomes: readonly Outcome[]
  /** The time that its copies took. */
  readonly durationMs: number
}

/**
 * Certifies images by what their certifiers ask for, and gives them in their order. Copies of several images share passes, all
 * of one size a line; votes are the same whatever shares a pass, since the noise of a copy is named by the image, the stage
 * and its number.
 *
 * @param open - records an image
 * @throws CheckpointError if a noisy copy voted for no class; ConfigError where a certifier asks a line or a ballot that there
 *   is not; the reason of `signal`
 */
export async function* certifyImages<Item, Beside>(
  session: Session,
  items: Iterable<Item>,
  open: (item: Item) => ImageAtHand<Beside> | Promise<ImageAtHand<Beside>>,
  { lines, batch, onNote, ...options }: CertifyImagesOptions<ImageAtHand<Beside>>,
): AsyncGenerator<CertifiedItem<Item, Beside>> {
  const waiting = items[Symbol.iterator]()
  const opened = new Map<ImageAtHand<Beside>, Item>()
  const passes = new VotingPasses<Beside>(session, lines)
  const close = (image: ImageAtHand<Beside>) => {
    session.free([image.image_CHW, image.beside])
    opened.delete(image)
  }
  const sized = Object.entries(lines).map(([name, { voter, copies = batch }]) => {
    return [name, queueLine(voter, () => new PassSize(passSizeOf({ batch, copies }), { onNote }))] as const
  })
  const queue = new CopyQueue<ImageAtHand<Beside>>({
    ...options,
    lines: new Map(sized),
    vote: pass => passes.vote(pass),
    voteRest: pass => passes.voteRest(pass),
    next: async () => {
      const { value: item, done } = waiting.next()
      if (done === true) return undefined
      const image = await open(item)
      opened.set(image, item)
      return { image, stream: image.stream, certifiers: image.certifiers }
    },
  })
  try {
    for await (const { image, outcomes, durationMs } of queue.certified()) {
      const beside = await passes.besideOf(image)
      const item = opened.get(image) as Item
      close(image)
      yield { item, beside, outcomes, durationMs }
    }
  } finally {
    for (const image of opened.keys()) close(image)
    passes.free()
  }
}
