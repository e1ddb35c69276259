import type { StreamName } from '../../streams'
import type { Tensor } from '../../torch'
import type { Certifier } from '../certifiers'

/** An image to certify. It is freed when it is done. */
export interface ImageAtHand<Beside = unknown> {
  /** In [-1, 1]. */
  readonly image_CHW: Tensor<'CHW'>
  /** The name of the image among noise streams. */
  readonly stream: StreamName
  /** Handles to read with the first votes. */
  readonly beside: Beside
  readonly certifiers: readonly Certifier[]
}
