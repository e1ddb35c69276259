import { PlainHandle, type Session } from '../bridge'
import type { PixelSize } from './image-files'

/** One split of a folder of images. */
export interface InspectedSplit {
  readonly images: number
  /** Names in the order of the labels, and the number of images of each. */
  readonly classes: readonly string[]
  readonly counts: readonly number[]
  /** Pixels of the shorter side; null if no image decodes. */
  readonly sides: { readonly smallest: number; readonly median: number; readonly largest: number } | null
  /** Of the decoded images: how many are not square, and how many are grey. */
  readonly notSquare: number
  readonly grey: number
  /** Number of decoded images, spread evenly. */
  readonly decoded: number
  /** Number of these that do not decode, and the first of them with the reason. */
  readonly unreadableCount: number
  readonly unreadable: readonly string[]
  readonly notes: readonly string[]
}

/** A folder of images. */
export interface InspectedImages {
  readonly kind: 'images'
  readonly splits: { readonly train?: InspectedSplit; readonly test?: InspectedSplit }
  /** Whether the class folders are not inside a split folder. */
  readonly unsplit: boolean
  /** `numeric` if the names are numbers whose text order differs. */
  readonly order: 'numeric' | null
  readonly notes: readonly string[]
}

/** A normalisation that the weights may have been trained with, and its source: `the file`, `timm's default for …`. */
export interface StatedRange {
  readonly mean: readonly number[]
  readonly std: readonly number[]
  readonly from: string
}

/** Weights. */
export interface InspectedWeights {
  readonly kind: 'classifier' | 'denoiser' | 'adapter' | 'smoothed' | 'unknown'
  /** Description in a few words. */
  readonly what: string
  /** Settings that load the weights; null if incomplete. */
  readonly settings: { readonly [field: string]: unknown } | null
  readonly notes: readonly string[]
  readonly parameters?: number
  /** Of a classifier: the number of classes, and their names. */
  readonly classes?: number | null
  readonly names?: readonly string[] | null
  readonly channels?: number | null
  readonly imageSize?: PixelSize | null
  /** Whether it accepts only images of that size. */
  readonly isFixedSize?: boolean
  /** Most likely first. */
  readonly ranges?: readonly StatedRange[]
  readonly random?: 'network' | 'head' | null
  /** Of a denoiser. */
  readonly schedule?: {
    readonly kind: 'linear' | 'scaled_linear' | 'cosine' | 'explicit'
    readonly steps: number
    readonly betaStart?: number
    readonly betaEnd?: number
    readonly betas?: readonly number[]
    readonly rescaleTimesteps: boolean
  }
  /** Of adapters: their rank, the layers they adapt, and the network they belong to. */
  readonly rank?: number | null
  readonly layers?: readonly string[]
  readonly base?: string | null
}

/** The content of a path. */
export type Inspected = InspectedImages | InspectedWeights

/**
 * Inspects the content of a path: a folder of images, or weights. Executes none of it.
 *
 * @param options - `architecture`: timm's name for the architecture of a weight file, if the file does not say it
 * @throws DataError, CheckpointError if the content is missing, damaged or of another kind
 */
export async function inspectPath(
  session: Session,
  path: string,
  { architecture }: { readonly architecture?: string | undefined } = {},
): Promise<Inspected> {
  const { found } = await session.compute(() => ({
    found: session.record('inspect_path', [], {
      parameters: { path, ...(architecture !== undefined && { architecture }) },
      make: (owner, id) => new PlainHandle<Inspected>(owner, id),
    }),
  }))
  return found
}
