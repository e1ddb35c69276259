import type { Session } from '../bridge'
import type { CertificationConfig } from '../config/schema'
import { tryImage } from '../smoothing/trial-image'
import {
  type AnyDenoiser,
  type Classifier,
  compileNetwork,
  type Dtype,
  inferenceCopy,
  networkDtype,
  setTf32,
  type Tensor,
} from '../torch'

/** Arithmetic of both networks; all of it affects votes and is logged. `dtype` is the classifiers'. */
export type Arithmetic = Pick<CertificationConfig, 'dtype' | 'autocast' | 'tf32' | 'channelsLast' | 'compile'>

/** Networks ready for inference, which the caller frees, and their properties. */
export interface InferenceNetworks {
  /** The given ones if they have the requested precision, else copies. */
  readonly classifiers: readonly Classifier[]
  /** Number of classes of each classifier. */
  readonly heads: readonly number[]
  readonly denoiserDtype: Dtype | null
}

/**
 * Prepares networks for many forward passes; a denoiser is compiled in place.
 *
 * @throws ConfigError if what compiling needs is missing, and as `tryImage`
 */
export async function inferenceNetworks(
  session: Session,
  { denoiser, classifiers }: { denoiser: AnyDenoiser | null; classifiers: readonly Classifier[] },
  {
    dtype,
    autocast,
    tf32,
    channelsLast,
    compile,
    example,
  }: Arithmetic & {
    /** Records an image in [0, 1] that fits the classifiers. */
    readonly example: () => Tensor<'CHW'>
  },
): Promise<InferenceNetworks> {
  setTf32(session, tf32)
  // Uses the originals: compiling for this one image would take long.
  const heads = await tryImage({ denoiser, classifiers }, example)
  if (denoiser !== null) compileNetwork(denoiser, { compiled: compile })
  const copies = classifiers.map(classifier =>
    inferenceCopy(classifier, { dtype, autocast, channelsLast, compile }),
  )
  try {
    const { dtypes } = await session.compute(() => ({
      dtypes: denoiser === null ? [] : [networkDtype(denoiser)],
    }))
    return { classifiers: copies, heads, denoiserDtype: dtypes[0] ?? null }
  } catch (error) {
    session.free(copies)
    throw error
  }
}
