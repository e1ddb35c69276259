import type { Read, Session } from '../../bridge'
import type { Outcome } from '../../logs/outcome'
import { CopyQueue, type CopyQueueOptions } from './copy-queue'
import type { ImageAtHand } from './image-at-hand'
import { type Line, queueLine } from './line'
import { PassSize, passSizeOf } from './pass-size'
import { VotingPasses } from './voting-passes'

export interface CertifyImagesOptions<Image>
  extends Pick<CopyQueueOptions<Image>, 'images' | 'signal' | 'onCopies'> {
  /** The smoothed classifiers that certifiers use, by name; `main` is that of requests without a name. */
  readonly lines: Readonly<Record<string, Line>>
  /** Noisy copies per pass: affects memory and speed, and votes only by rounding. */
  readonly batch: number
  /** Called if memory does not suffice for a batch. */
  readonly onNote?: ((note: string) => void) | undefined
}

/** The result for an image. */
export interface CertifiedItem<Item, Beside> {
  readonly item: Item
  readonly beside: Read<Beside>
  /** Outcome of each certifier. */
  readonly outcomes: readonly Outcome[]
  /** Computing time of its copies. */
  readonly durationMs: number
}

/**
 * Certifies images as their certifiers request, and yields them in order. Copies of several images share passes, with one size per line.
 * Votes do not depend on what shares a pass: the noise of a copy is named by the image, the stage and its number.
 *
 * @param open - records an image
 * @throws CheckpointError if a noisy copy voted for no class; ConfigError if a certifier requests an unknown line or ballot; the reason of
 *   `signal`
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
