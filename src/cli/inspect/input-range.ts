import type { Session } from '../../bridge'
import { parseUnknownConfig, type RunConfigInput } from '../../config/schema'
import { accuracyOf, type InputRange, imagesOverClasses, predictClean } from '../../smoothing/clean-accuracy'
import { otherOrderIn } from '../../smoothing/likely-reading'
import { type Sanity, sanityOf } from '../../smoothing/sanity'
import { classifierSpec, datasetSpec } from '../../smoothing/specs'
import { loadClassifier, openDataset, type StatedRange } from '../../torch'
import { rangeOf } from './own-configuration'

/** Clean accuracy with one input range. */
export interface MeasuredRange {
  readonly range: InputRange
  /** What the inputs are, in a few words: `the mean and std of the file`. */
  readonly inputs: string
  readonly accuracy: number
}

const IMAGES = 200
const BATCH = 50
/** The accuracy margin by which another range must beat the likeliest. */
const CLEARLY = 0.05

/**
 * Returns the input range of a configuration, measured on clean test images: the likeliest stated one, unless another
 * stated one or pixels in [-1, 1] is clearly better, in whichever order the logits are. Also returns the accuracy on clean images with it.
 */
export async function findInputRange(
  session: Session,
  settings: RunConfigInput,
  stated: readonly StatedRange[],
): Promise<{
  readonly range: InputRange
  readonly measured: readonly MeasuredRange[]
  readonly sanity: Sanity
}> {
  const { classifier: own, data } = parseUnknownConfig(settings)
  // Uses all class folders: nothing is trained here.
  const dataset = await openDataset(session, { ...datasetSpec(data, 'test'), testShare: undefined })
  const classifier = await loadClassifier(session, classifierSpec(own))
  const networks = { classifier, dataset }
  try {
    const indices = await imagesOverClasses(dataset, { count: IMAGES, seed: 0 })
    const candidates = [
      ...stated.map(range => ({ range: rangeOf(range), inputs: `the mean and std of ${range.from}` })),
      { range: 'symmetric' as const, inputs: 'pixels in [-1, 1]' },
    ]
    const texts = candidates.map(({ range }) => JSON.stringify(range))
    const measured: (MeasuredRange & { readonly inAnyOrder: number })[] = []
    for (const [place, { range, inputs }] of candidates.entries()) {
      if (texts.indexOf(texts[place] ?? '') < place) continue
      const looked = await predictClean(networks, {
        ...{ indices, batch: BATCH, own: own.inputRange, inputRange: range },
      })
      const accuracy = accuracyOf(looked)
      const inAnyOrder = Math.max(accuracy, otherOrderIn(looked, dataset)?.accuracy ?? 0)
      measured.push({ range, inputs, accuracy, inAnyOrder })
    }
    const [likeliest] = measured
    const best = measured.toSorted((a, b) => b.inAnyOrder - a.inAnyOrder)[0]
    const isBetter = (best?.inAnyOrder ?? 0) >= (likeliest?.inAnyOrder ?? 0) + CLEARLY
    const range = (isBetter ? best?.range : likeliest?.range) ?? 'symmetric'
    const sanity = await sanityOf(networks, {
      ...{ own: own.inputRange, inputRange: range, seed: 0, batch: BATCH },
    })
    return { range, measured, sanity }
  } finally {
    session.free([dataset, classifier])
  }
}
