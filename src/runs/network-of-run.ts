import type { AcesNetworksConfig } from '../config/certified/procedure-schema'
import { fieldDifferences, showValue } from '../config/differences'
import { givesClasses, trainedBy } from '../config/methods/trained'
import { type CertificationRunConfig, certificationOf } from '../config/schema'
import { ConfigError } from '../errors'
import { dataDifferences, type RunData } from '../smoothing/data-identity'
import { readSmoothed } from '../smoothing/smoothed-file'
import { isRunOrCheckpoint } from './denoiser-of-run'
import { findCheckpoint } from './find-checkpoint'

/** The other networks of ACES. */
export type AcesRole = 'selector' | 'core'

/**
 * Settings that a network must share with the certified classifier. A core sees images without noise, so it works with
 * any smoothing.
 */
const SHARED = { selector: ['smoothing', 'data'], core: ['data'] } as const

/**
 * Returns the network that a run trained, as settings of ACES.
 *
 * @param folder - a run (its newest checkpoint), or one of its checkpoints
 * @param options - `certified`: the settings of the certification
 * @returns undefined if the folder is neither: it may contain weights directly
 * @throws ConfigError if the run trained something else, or with another smoothing or data; CheckpointError if it has no
 * checkpoint
 */
export async function networkOfRun(
  folder: string,
  {
    role,
    certified,
    images,
  }: {
    readonly role: AcesRole
    readonly certified: Pick<CertificationRunConfig, 'smoothing' | 'data'>
    /** The training images of the certified classifier, if known. */
    readonly images?: RunData | undefined
  },
): Promise<AcesNetworksConfig[AcesRole]> {
  if (!(await isRunOrCheckpoint(folder))) return undefined
  const run = await findCheckpoint(folder)
  requireRole(folder, { role, kind: run.config.method.kind })
  const { classifier, checkpoint, ...own } = certificationOf(run.config, run.checkpoint)
  const differences = [
    ...SHARED[role].flatMap(section =>
      fieldDifferences(certified[section], own[section])
        // Paths and number types may differ between networks, and so may the way of reading images.
        .filter(({ field }) => !/^(path|workers|onCorrupt|denoiser\.(path|dtype))$/.test(field))
        .map(
          ({ field, before, after }) => `  ${section}.${field}: ${showValue(before)} and ${showValue(after)}`,
        ),
    ),
    ...(role === 'selector' ? trainedOnOthers(images, (await readSmoothed(run.checkpoint))?.data) : []),
  ]
  if (differences.length === 0) return { classifier, checkpoint } as AcesNetworksConfig[AcesRole]
  throw new ConfigError(
    `The ${role} of ${folder} was trained for another ${SHARED[role].join(' or ')} than what is certified:\n${differences.join('\n')}\n`,
    { remedy: `Give a ${role} that was trained for the same, or certify with its settings.` },
  )
}

/** Describes a mismatch of training images: a selector learns for which of them the classifier is right under noise. */
function trainedOnOthers(ofClassifier: RunData | undefined, ofSelector: RunData | undefined): string[] {
  if (ofClassifier === undefined || ofSelector === undefined) return []
  const called = ['of the classifier', 'of the selector'] as const
  return dataDifferences(ofClassifier.train, ofSelector.train, called).map(
    line => `  training images: ${line}`,
  )
}

function requireRole(
  folder: string,
  { role, kind }: { readonly role: AcesRole; readonly kind: string },
): void {
  const isSelector = kind === 'selector'
  if (role === 'selector' ? isSelector : trainedBy(kind) === 'classifier' && givesClasses(kind)) return
  throw new ConfigError(`The run ${folder} has trained by the method ${kind}, and no ${role}.`, {
    remedy:
      role === 'selector'
        ? 'Give a run by the method selector, such as one of `ft-cadis train --preset table1.aces-selector`.'
        : 'Give a run that has trained one classifier of the classes of the data.',
  })
}
