import { basename, dirname, join } from 'node:path'
import type { Session } from '../bridge'
import { fieldDifferences, showValue } from '../config/differences'
import type { CertificationRunConfig, DataConfig } from '../config/schema'
import { CheckpointError } from '../errors'
import { isFile } from '../files/exists'
import {
  type Classifier,
  type Denoiser,
  loadClassifier,
  loadDenoiser,
  type Provenance,
  provenance,
  type Spec,
} from '../torch'
import { folderHashes, hashesOf, type Smoothed } from './smoothed-file'

/** The networks of a smoothed classifier, to be freed by the caller. */
export interface CertifiedNetworks {
  readonly denoiser: Denoiser | null
  readonly classifier: Classifier
  /** What identifies the weights: for the configuration of logs. */
  readonly weights: Smoothed['weights']
  /** Where the weights are from: for the notes of logs. */
  readonly provenance: { readonly denoiser: Provenance | null; readonly classifier: Provenance }
}

/**
 * Loads the networks that a certification is about, with nothing to train.
 *
 * @param options.expected - the weights that they must be
 * @throws CheckpointError if weights are missing, damaged, or others than expected
 */
export async function loadNetworks(
  session: Session,
  config: CertificationRunConfig,
  { expected }: { readonly expected?: Smoothed['weights'] | undefined } = {},
): Promise<CertifiedNetworks> {
  const { checkpoint, certification } = config
  const { dtype: denoiserDtype, ...denoiserSpec } = { dtype: 'float32' as const, ...config.denoiser }
  const isAdapter = checkpoint !== undefined && (await isFile(join(checkpoint, 'adapter_config.json')))
  const classifierSpec = {
    ...config.classifier,
    ...(checkpoint !== undefined && (isAdapter ? { adapter: checkpoint } : { path: checkpoint })),
  }
  const { dtype, autocast } = certification
  const loaded: (Denoiser | Classifier)[] = []
  try {
    const denoiser =
      denoiserSpec.source === 'none'
        ? null
        : await loadDenoiser(session, denoiserSpec as Spec, { dtype: denoiserDtype })
    if (denoiser !== null) loaded.push(denoiser)
    const classifier = await loadClassifier(session, classifierSpec, { dtype, autocast })
    loaded.push(classifier)
    const from = await session.compute(() => ({
      denoiser: denoiser === null ? [] : [provenance(denoiser, denoiserSpec as Spec)],
      classifier: provenance(classifier, classifierSpec),
    }))
    const [ofDenoiser = null] = from.denoiser
    const weights = {
      denoiser: ofDenoiser === null ? null : hashesOf(ofDenoiser),
      // A checkpoint of the whole network takes the place of the off-the-shelf weights.
      classifier: checkpoint === undefined || isAdapter ? hashesOf(from.classifier) : null,
      checkpoint: checkpoint === undefined ? null : { ...(await folderHashes(checkpoint)) },
    }
    if (expected !== undefined) requireExpected(weights, expected)
    return {
      denoiser,
      classifier,
      weights,
      provenance: { denoiser: ofDenoiser, classifier: from.classifier },
    }
  } catch (error) {
    session.free(loaded)
    throw error
  }
}

/** What Python opens for the test images of a configuration. */
export function testSetSpec(data: DataConfig): Spec {
  const { source } = data
  if (source === 'digits') return { ...data, split: 'test' }
  return { ...data, workers: undefined, split: 'test', ...(source !== 'synthetic' && { augment: false }) }
}

/** A short name of what is certified, the same in whatever folder that lies. */
export function nameOf({ checkpoint, classifier }: CertificationRunConfig): string {
  if (checkpoint !== undefined) {
    const parent = dirname(checkpoint)
    const run = basename(parent) === 'checkpoints' ? dirname(parent) : parent
    return `${basename(run)}/${basename(checkpoint)}`
  }
  const { source } = classifier
  const name = 'name' in classifier ? classifier.name : undefined
  const path = classifier.path
  return `${source}:${name ?? (path === undefined ? 'random' : basename(path))}`
}

function requireExpected(found: Smoothed['weights'], expected: Smoothed['weights']): void {
  for (const part of ['denoiser', 'classifier', 'checkpoint'] as const) {
    const [is, shouldBe] = [found[part], expected[part]]
    if (is === null || fieldDifferences(shouldBe, is).length === 0) continue
    throw new CheckpointError(
      `The weights of the ${part} are not those of the smoothed classifier: expected ${showValue(shouldBe)}, got ${showValue(is)}.`,
      { remedy: 'Give the weights that belong to it.' },
    )
  }
}
