import type { Session } from '../../bridge'
import { smoothedOf } from '../../runs/smoothed-of-folder'
import { notesOnInputRange, notesOnSigma } from '../../smoothing/notes'
import { type SmoothedInput, unsaidOf } from '../../smoothing/smoothed-input'
import { decodeImage, type ImageTransform } from '../../torch'
import { requireCertify, requireFixedBound, requireGaussian } from '../guarantee'
import { imageShapeOf, imageTransform } from '../predict'
import { GREY_PIXEL } from './grey-pixel'
import { LoadedSmoothed } from './loaded-smoothed'
import { openSmoothed } from './open-smoothed'

export interface LoadSmoothedOptions {
  /** Largest megapixels and megabytes of an image. Default: as for its data. */
  readonly limits?: Pick<ImageTransform, 'maxMegapixels' | 'maxMegabytes'>
  /** Called with events that do not change the result, for example a smaller batch. */
  readonly onNote?: (note: string) => void
}

/**
 * Loads a smoothed classifier for predictions in a program. Its networks stay loaded until it is freed; concurrent predictions share
 * passes.
 *
 * @param input - folder of a run (its newest checkpoint), of a checkpoint, of an ensemble, or with `smoothed.json`; this file itself; or
 *   the settings of a certification
 * @throws CheckpointError if it does not exist or is damaged; ConfigError for invalid settings, and if the order of the classes is
 *   ambiguous, the noise is not Gaussian, the procedure is not CERTIFY, or its bound is randomised
 */
export async function loadSmoothed(
  session: Session,
  input: SmoothedInput,
  { limits, onNote }: LoadSmoothedOptions = {},
): Promise<LoadedSmoothed> {
  const known = await smoothedOf(input)
  requireGaussian('A loaded classifier', known.config.certification)
  requireCertify('A loaded classifier', known.config.certification)
  requireFixedBound('A loaded classifier', known.config.certification)
  const unsaid = unsaidOf(known)
  if (unsaid !== undefined) onNote?.(unsaid)
  const { alpha, familyWise } = known.config.certification
  if (familyWise) {
    onNote?.(
      `α = ${alpha} is of each answer alone: it is not known how many there will be, so certification.familyWise is not kept.`,
    )
  }
  const notes = [...(await notesOnInputRange(known.config)), ...notesOnSigma(known.config.smoothing)]
  for (const note of notes) onNote?.(note)
  const transform = { ...imageTransform(known.config.data), ...limits }
  const opened = await openSmoothed(session, known, {
    imageShape: imageShapeOf(transform),
    example: () => decodeImage(session, GREY_PIXEL, transform).image_CHW,
  })
  return new LoadedSmoothed(session, opened, { transform, onNote })
}
