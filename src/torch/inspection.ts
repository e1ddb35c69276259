import { PlainHandle, type Session } from '../bridge'
import type { PixelSize } from './image-files'

/** One split of a folder of images. */
export interface InspectedSplit {
  readonly images: number
  /** Names, in the order of the labels, and how many images each has. */
  readonly classes: readonly string[]
  readonly counts: readonly number[]
  /** Pixels of the shorter side; null where no image decodes. */
  readonly sides: { readonly smallest: number; readonly median: number; readonly largest: number } | null
  /** Of the images that were decoded: how many are not square, and how many are grey. */
  readonly notSquare: number
  readonly grey: number
  /** How many were decoded, spread evenly. */
  readonly decoded: number
  /** How many of them do not decode, and the first of them with the reason. */
  readonly unreadableCount: number
  readonly unreadable: readonly string[]
  readonly notes: readonly string[]
}

/** A folder of images. */
export interface InspectedImages {
  readonly kind: 'images'
  readonly splits: { readonly train?: InspectedSplit; readonly test?: InspectedSplit }
  /** Whether the class folders have no folder of a split above them. */
  readonly unsplit: boolean
  /** `numeric` where the names are numbers in another order as text. */
  readonly order: 'numeric' | null
  readonly notes: readonly string[]
}

/** A normalisation that weights may have been trained with, and what says so: `the file`, `timm's default for …`. */
export interface StatedRange {
  readonly mean: readonly number[]
  readonly std: readonly number[]
  readonly from: string
}

/** Weights. */
export interface InspectedWeights {
  readonly kind: 'classifier' | 'denoiser' | 'adapter' | 'smoothed' | 'unknown'
  /** What they are, in a few words. */
  readonly what: string
  /** Settings that load them; null where these are not complete. */
  readonly settings: { readonly [field: string]: unknown } | null
  readonly notes: readonly string[]
  readonly parameters?: number
  /** Of a classifier: how many classes, and what they are called. */
  readonly classes?: number | null
  readonly names?: readonly string[] | null
  readonly channels?: number | null
  readonly imageSize?: PixelSize | null
  /** Whether it takes images of that size alone. */
  readonly isFixedSize?: boolean
  /** The likeliest first. */
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
  /** Of adapters: their rank, the layers that they are for, the network that they are for. */
  readonly rank?: number | null
  readonly layers?: readonly string[]
  readonly base?: string | null
}

/** What lies at a path. */
export type Inspected = InspectedImages | InspectedWeights

/**
 * What lies at a path: a folder of images, or weights. Nothing in it is executed.
 *
 * @param options.architecture - the name of timm's architecture that a weight file is of, where the file does not say it
 * @throws DataError, CheckpointError for what is missing, damaged or nothing of the kind
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
