import type { AcesNetworksConfig } from '../config/certified/procedure-schema'
import { fieldDifferences, showValue } from '../config/differences'
import { givesClasses, trainedBy } from '../config/methods/trained'
import { type CertificationRunConfig, certificationOf } from '../config/schema'
import { ConfigError } from '../errors'
import { dataDifferences, type RunData } from '../smoothing/data-identity'
import { readSmoothed } from '../smoothing/smoothed-file'
import { isRunOrCheckpoint } from './denoiser-of-run'
import { findCheckpoint } from './find-checkpoint'

/** The networks of ACES beside the classifier. */
export type AcesRole = 'selector' | 'core'

/** What a network has to share with what is certified. A core sees images without noise, so that any smoothing will do. */
const SHARED = { selector: ['smoothing', 'data'], core: ['data'] } as const

/**
 * The network that a run has trained, as the settings of ACES name it.
 *
 * @param folder - of a run, whose newest checkpoint is taken, or of one of its checkpoints
 * @param options.certified - the settings that are certified with it
 * @returns undefined where the folder is of neither: it may hold weights itself
 * @throws ConfigError where the run has trained something else, or with another smoothing or data; CheckpointError where it has
 *   left no checkpoint
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
    /** What the classifier that is certified was trained on, where that is known. */
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
        // Folders and number types of networks may differ, and how images are read.
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

/** A selector has learnt for which images of the training set the classifier is right under noise. */
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
