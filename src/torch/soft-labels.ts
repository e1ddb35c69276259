import { Handle, type Session } from '../bridge'
import { Tensor } from './tensor'

/** Class frequencies of every image of a data set, in the memory of the host. */
export class SoftLabels extends Handle<never> {
  /** Returns the class frequencies of some images, by their positions in the data set. */
  rows(indices_B: Tensor<'B'>): Tensor<'BK'> {
    return this.session.record('soft_label_rows', [this, indices_B], {
      make: (session, id) => new Tensor(session, id, 'BK' as const),
    })
  }
}

/** Reads a file of soft labels; see `smoothing/soft-labels-file.ts`. The next read refuses a file that lacks an image or a vote. */
export function readSoftLabels(
  session: Session,
  path: string,
  { images, classes, votes }: { readonly images: number; readonly classes: number; readonly votes: number },
): SoftLabels {
  return session.record('read_soft_labels', [], {
    parameters: { path, images, classes, votes },
    make: (owner, id) => new SoftLabels(owner, id),
  })
}
