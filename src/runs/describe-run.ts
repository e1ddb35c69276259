import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { SessionFacts } from '../bridge'
import type { RunConfig } from '../config/schema'
import { classifierSpec, denoiserSpec } from '../smoothing/specs'
import { type Classifier, type Denoiser, type Provenance, provenance } from '../torch'

export interface RunDescription {
  readonly config: RunConfig
  /** Where the off-the-shelf weights are from. */
  readonly weights: { readonly denoiser: Provenance; readonly classifier: Provenance }
  readonly versions: { readonly ftCadis: string; readonly node: string; readonly torch: string }
  readonly python: SessionFacts
  readonly commit: string | null
  readonly startedAt: string
}

/** What `config.json` says: the configuration, and enough beside it to know what ran where on what weights. */
export async function describeRun(
  { classifier, denoiser }: { classifier: Classifier; denoiser: Denoiser },
  config: RunConfig,
): Promise<RunDescription> {
  const { session } = classifier
  const weights = await session.compute(() => ({
    denoiser: provenance(denoiser, denoiserSpec(config.denoiser)),
    classifier: provenance(classifier, classifierSpec(config.classifier, config.tuning)),
  }))
  const manifest = readFileSync(join(__dirname, '..', '..', 'package.json'), 'utf8')
  const { execa } = await import('execa')
  const git = await execa('git', ['rev-parse', 'HEAD'], { reject: false })
  return {
    config,
    weights,
    versions: {
      ftCadis: (JSON.parse(manifest) as { version: string }).version,
      node: process.versions.node,
      torch: session.facts.torch,
    },
    python: session.facts,
    commit: git.failed ? null : git.stdout,
    startedAt: new Date().toISOString(),
  }
}
