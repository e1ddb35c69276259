import { type Smoothing, torch, toSymmetric } from '../../src'
import {
  type Ask,
  type Certifier,
  certifyImages,
  type ImageAtHand,
  type Line,
  type Tally,
} from '../../src/internal'
import type { Outcome } from '../../src/logs/outcome'
import { noisy, seen } from '../../src/smoothing/smoothing'

/**
 * The class of each of some noisy copies, without a queue: noise by the numbers of the copies, `noisy`, `seen`, and the largest logit.
 *
 * @param image_CHW - in [-1, 1]
 */
export async function classesOfCopies(
  image_CHW: torch.Tensor<'CHW'>,
  {
    smoothing,
    classifier,
    stream,
    from = 0,
    n,
  }: {
    readonly smoothing: Smoothing
    readonly classifier: torch.Classifier
    readonly stream: readonly (string | number)[]
    readonly from?: number
    readonly n: number
  },
): Promise<number[]> {
  const { session } = image_CHW
  const logits = await session.compute(() => {
    const noise_NCHW = torch.noiseBlocks(image_CHW, {
      ...{ axis: 'N', name: stream, start: from, count: n, block: 16 },
    })
    const seen_NCHW = seen(smoothing, noisy(smoothing, image_CHW, noise_NCHW))
    return torch.noGrad(session, () => classifier.classify(seen_NCHW))
  })
  return logits.map(row => row.indexOf(Math.max(...row)))
}

/** How many copies have each of ten classes; see {@link classesOfCopies}. */
export async function votesOnCopies(...of: Parameters<typeof classesOfCopies>): Promise<number[]> {
  const classes = await classesOfCopies(...of)
  return Array.from({ length: 10 }, (_, label) => classes.filter(other => other === label).length)
}

/** What certifiers find of one image. */
export async function certifyOne(
  image: Omit<ImageAtHand<unknown>, 'beside'>,
  lines: Readonly<Record<string, Line>>,
  { batch = 64 }: { readonly batch?: number } = {},
): Promise<readonly Outcome[]> {
  const { session } = image.image_CHW
  const found = certifyImages(session, [image], item => ({ ...item, beside: [] }), { lines, batch })
  for await (const { outcomes } of found) return outcomes
  return []
}

/** A certifier that asks for these, one step after the other, and notes what it is told. */
export function scriptedCertifier(
  steps: readonly (readonly Ask[])[],
  { ballot = 'class', told = [] }: { readonly ballot?: string; readonly told?: Tally[] } = {},
): Certifier {
  return {
    ...{ kind: 'scripted', ballot },
    *begin() {
      for (const asks of steps) told.push(...(yield asks))
      return { kind: 'undecided', why: ballot, evidence: {} as never }
    },
  }
}

/** An image of a data set, in [-1, 1]. */
export function imageOf(dataset: torch.Dataset, index: number): torch.Tensor<'CHW'> {
  return dataset.session.scope(() => torch.select(toSymmetric(dataset.images([index]).images_BCHW), 'B', 0))
}
