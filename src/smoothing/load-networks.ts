import { join } from 'node:path'
import type { Session } from '../bridge'
import { fieldDifferences, showValue } from '../config/differences'
import type {
  CertificationRunConfig,
  ClassifierConfig,
  SmoothingConfig,
  TuningConfig,
} from '../config/schema'
import { CheckpointError, ConfigError } from '../errors'
import { isFile } from '../files/exists'
import {
  type AnyDenoiser,
  type Classifier,
  type ClassifierPrecision,
  loadClassifier,
  loadDenoiser,
  loadImageDenoiser,
  type Provenance,
  provenance,
  requireDenoiserOf,
  type Spec,
} from '../torch'
import { nameOfClassifier } from './name-of'
import { requireFittingWeights } from './require-fitting-weights'
import { folderHashes, hashesOf, readSmoothed, type Smoothed } from './smoothed-file'
import { classifierSpec, denoiserSpec } from './specs'

/** The networks of a smoothed classifier; the caller frees them. */
export interface CertifiedNetworks {
  readonly denoiser: AnyDenoiser | null
  readonly classifier: Classifier
  /** The members of an ensemble or the experts of a router besides the classifier; otherwise empty. */
  readonly others: readonly LoadedMember[]
  /** The networks of ACES besides the classifier; undefined without ACES. */
  readonly selector: LoadedMember | undefined
  readonly core: LoadedMember | undefined
  /** The network that chooses between experts; undefined without a router. */
  readonly router: LoadedMember | undefined
  /** The identity of the weights, for the configuration of logs. */
  readonly weights: Smoothed['weights']
  /** The source of the weights, for the notes of logs. */
  readonly provenance: { readonly denoiser: Provenance | null; readonly classifier: Provenance }
}

/** A network that votes besides the classifier. */
export interface LoadedMember {
  readonly classifier: Classifier
  readonly weights: Pick<Smoothed['weights'], 'classifier' | 'checkpoint'>
  readonly provenance: Provenance
}

/**
 * Loads the denoiser of a smoothing; null if it has none.
 *
 * @throws CheckpointError if weights are missing or damaged
 */
export async function loadSmoothingDenoiser(
  session: Session,
  { denoiser }: SmoothingConfig,
): Promise<AnyDenoiser | null> {
  if (denoiser.source === 'none') return null
  const load = isImageDenoiser(denoiser) ? loadImageDenoiser : loadDenoiser
  return load(session, denoiserSpec(denoiser), { dtype: denoiser.dtype })
}

/** Returns whether a denoiser maps noisy to clean images, rather than being a diffusion model. */
function isImageDenoiser({ source }: { readonly source: string }): boolean {
  return source === 'dncnn' || source === 'memnet'
}

/**
 * Checks that a caller's denoiser is that of the smoothing, since logs and files record the settings.
 *
 * @throws ConfigError with both
 */
export async function requireConfiguredDenoiser(
  given: AnyDenoiser,
  { denoiser }: SmoothingConfig,
): Promise<AnyDenoiser> {
  if (denoiser.source === 'none') {
    throw new ConfigError('A denoiser was handed in, but smoothing.denoiser.source is none.', {
      remedy: 'Name it in smoothing.denoiser, or hand none in.',
    })
  }
  await requireDenoiserOf(given, denoiserSpec(denoiser), { dtype: denoiser.dtype })
  return given
}

/** The classifier to load, and its precision. */
export interface BaseClassifierPrecision extends ClassifierPrecision {
  /** The trained part. Default: none. */
  readonly tuning?: TuningConfig | undefined
  /** Folder of a checkpoint: adapters for the configured weights, or weights that replace them. */
  readonly checkpoint?: string | undefined
  /**
   * Whether random weights are allowed in a network or head without training, or in a network under adapters, for measurements. Default
   * refused, since another load would draw others.
   */
  readonly randomWeights?: 'allowed' | 'refused' | undefined
}

/** A classifier, and its weights without the checkpoint's adapters, as input for `provenance`. */
export interface LoadedClassifier {
  readonly classifier: Classifier
  readonly spec: Spec
  /** Whether the checkpoint holds adapters, which keep the configured weights in use; not whether those have adapters. */
  readonly isAdapter: boolean
}

/**
 * Loads the base classifier of a configuration, with the weights of a checkpoint if given.
 *
 * @throws CheckpointError if weights are missing or damaged
 * @throws ConfigError for random weights without training, and under trained adapters, unless allowed
 */
export async function loadBaseClassifier(
  session: Session,
  config: ClassifierConfig,
  { tuning, checkpoint, randomWeights = 'refused', ...options }: BaseClassifierPrecision = {},
): Promise<LoadedClassifier> {
  const isAdapter = checkpoint !== undefined && (await isFile(join(checkpoint, 'adapter_config.json')))
  const { adapter: ofConfig, ...base } = classifierSpec(config, tuning)
  const spec = {
    ...base,
    ...(checkpoint === undefined ? { adapter: ofConfig } : isAdapter ? {} : { path: checkpoint }),
  }
  const classifier = await loadClassifier(
    session,
    isAdapter ? { ...spec, adapter: checkpoint } : spec,
    options,
  )
  const { random, notes = [] } = classifier.description
  const isLost = tuning === undefined ? random !== null : tuning.kind === 'lora' && random === 'network'
  if (isLost && randomWeights === 'refused') {
    session.free(classifier)
    if (random === 'network' && tuning !== undefined) throw lostUnderAdapters(config)
    throw randomWeightsError(random ?? 'network', { config, isAdapter })
  }
  if (isAdapter && classifier.description.hasFrozenStatistics === true) await warnOfLostStatistics(checkpoint)
  for (const note of notes) process.emitWarning(note)
  return { classifier, spec, isAdapter }
}

/** In versions that did not record a script's functions, training updated running statistics that adapters do not hold. */
async function warnOfLostStatistics(checkpoint: string): Promise<void> {
  const smoothed = await readSmoothed(checkpoint)
  if (smoothed === undefined || smoothed.hooks !== undefined) return
  process.emitWarning(
    `${checkpoint} is of an earlier version, in which training under LoRA moved running statistics (batch normalisation) that the checkpoint does not hold: the network is not quite the one that was trained and evaluated. What is certified or exported now is the network as it is loaded. Train it again to have one.`,
  )
}

const NOT_REPRODUCIBLE = 'another load would draw others, and a certificate would hold for none of them.'

/** A LoRA checkpoint holds only adapters and head. */
function lostUnderAdapters(config: ClassifierConfig): ConfigError {
  return new ConfigError(
    `LoRA would train adapters for ${nameOfClassifier(config)}, whose weights are random and in no checkpoint: nothing could be certified.`,
    { remedy: 'Give weights as classifier.path, or fine-tune in full with tuning.kind full.' },
  )
}

function randomWeightsError(
  random: 'network' | 'head',
  { config, isAdapter }: { readonly config: ClassifierConfig; readonly isAdapter: boolean },
): ConfigError {
  if (random === 'head') {
    return new ConfigError(
      `The head of the classifier has random weights: ${nameOfClassifier(config)} has none for classifier.numClasses ${config.numClasses}; ${NOT_REPRODUCIBLE}`,
      {
        remedy:
          'Give a checkpoint that was trained with this head; or weights with a head, without classifier.numClasses.',
      },
    )
  }
  return isAdapter
    ? new ConfigError(
        `The network under the adapters has random weights, which their checkpoint does not hold: ${NOT_REPRODUCIBLE}`,
        {
          remedy:
            'Write the network into a folder before adapters are trained, and give it as classifier.path; or fine-tune in full.',
        },
      )
    : new ConfigError(`The classifier ${nameOfClassifier(config)} has random weights: ${NOT_REPRODUCIBLE}`, {
        remedy: 'Give weights as classifier.path, or a checkpoint of full fine-tuning.',
      })
}

/**
 * Loads the networks of a certification, without training.
 *
 * @param options - `expected`: the required weights; `randomWeights`: allowed to measure time and memory of a certification, refused by
 *   default
 * @throws CheckpointError if weights are missing, damaged, or differ from the expected ones; ConfigError if they are random, and as
 *   `requireFittingWeights`
 */
export async function loadNetworks(
  session: Session,
  config: CertificationRunConfig,
  {
    expected,
    randomWeights,
  }: { readonly expected?: Smoothed['weights'] | undefined } & Pick<
    BaseClassifierPrecision,
    'randomWeights'
  > = {},
): Promise<CertifiedNetworks> {
  await requireFittingWeights(config)
  const { checkpoint, certification, smoothing } = config
  const { dtype, autocast } = certification
  const loaded: (AnyDenoiser | Classifier)[] = []
  try {
    const denoiser = await loadSmoothingDenoiser(session, smoothing)
    if (denoiser !== null) loaded.push(denoiser)
    const options = { dtype, autocast, checkpoint, randomWeights }
    const { classifier, spec, isAdapter } = await loadBaseClassifier(session, config.classifier, options)
    loaded.push(classifier)
    const from = await provenanceOf(session, { denoiser, classifier }, { smoothing, spec })
    if (randomWeights !== 'allowed' && from.denoiser?.random === true) {
      throw new ConfigError(`The denoiser has random weights: ${NOT_REPRODUCIBLE}`, {
        remedy: 'Give weights as smoothing.denoiser.path.',
      })
    }
    const weights = {
      denoiser: from.denoiser === null ? null : hashesOf(from.denoiser),
      ...(await classifierHashes({ isAdapter }, { checkpoint, provenance: from.classifier })),
    }
    if (expected !== undefined) requireExpected(weights, expected)
    const loadBeside = async (settings: ClassifierConfig, own: string | undefined): Promise<LoadedMember> => {
      const member = await loadBaseClassifier(session, settings, { ...options, checkpoint: own })
      loaded.push(member.classifier)
      const { found } = await session.compute(() => ({ found: provenance(member.classifier, member.spec) }))
      const hashes = await classifierHashes(member, { checkpoint: own, provenance: found })
      const stated = own === undefined ? undefined : await readSmoothed(own)
      if (stated !== undefined) requireExpected({ ...hashes, denoiser: null }, stated.weights, own)
      return { classifier: member.classifier, weights: hashes, provenance: found }
    }
    const others: LoadedMember[] = []
    for (const { path, checkpoint: own } of config.ensemble?.others ?? config.router?.others ?? []) {
      const settings = { ...config.classifier, ...(path !== undefined && { path }) } as ClassifierConfig
      others.push(await loadBeside(settings, own))
    }
    const { selector, core } = config.aces ?? {}
    const { network: router } = config.router ?? {}
    return {
      ...{ denoiser, classifier, others, weights, provenance: from },
      selector: selector && (await loadBeside(selector.classifier, selector.checkpoint)),
      core: core && (await loadBeside(core.classifier, core.checkpoint)),
      router: router && (await loadBeside(router.classifier, router.checkpoint)),
    }
  } catch (error) {
    session.free(loaded)
    throw error
  }
}

/** Returns the identity of a classifier's weights. */
async function classifierHashes(
  { isAdapter }: Pick<LoadedClassifier, 'isAdapter'>,
  {
    checkpoint,
    provenance: from,
  }: { readonly checkpoint: string | undefined; readonly provenance: Provenance },
): Promise<LoadedMember['weights']> {
  return {
    // A checkpoint of the whole network replaces the off-the-shelf weights.
    classifier: checkpoint === undefined || isAdapter ? hashesOf(from) : null,
    checkpoint: checkpoint === undefined ? null : { ...(await folderHashes(checkpoint)) },
  }
}

/** Returns the sources of a smoothed classifier's networks. */
export async function provenanceOf(
  session: Session,
  { denoiser, classifier }: { readonly denoiser: AnyDenoiser | null; readonly classifier: Classifier },
  { smoothing, spec }: { readonly smoothing: SmoothingConfig; readonly spec: Spec },
): Promise<CertifiedNetworks['provenance']> {
  const from = await session.compute(() => ({
    denoiser:
      denoiser === null || smoothing.denoiser.source === 'none'
        ? []
        : [provenance(denoiser, denoiserSpec(smoothing.denoiser))],
    classifier: provenance(classifier, spec),
  }))
  return { denoiser: from.denoiser[0] ?? null, classifier: from.classifier }
}

/** @param folder - the checkpoint of a network besides the classifier, for the message */
function requireExpected(found: Smoothed['weights'], expected: Smoothed['weights'], folder = ''): void {
  for (const part of ['denoiser', 'classifier', 'checkpoint'] as const) {
    const [is, shouldBe] = [found[part], expected[part]]
    if (is === null || fieldDifferences(shouldBe, is).length === 0) continue
    throw new CheckpointError(
      `The weights of the ${part}${folder && ` ${folder}`} are not those of the smoothed classifier: expected ${showValue(shouldBe)}, got ${showValue(is)}.`,
      { remedy: 'Give the weights that belong to it.' },
    )
  }
}
