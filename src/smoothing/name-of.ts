import { basename, dirname } from 'node:path'
import type { CertificationRunConfig, ClassifierConfig } from '../config/schema'

/** Returns a short name of the certified classifier, independent of its folder. */
export function nameOf({ ensemble, aces, ...first }: CertificationRunConfig): string {
  const { classifier } = first
  const others = (ensemble?.others ?? []).map(({ path, checkpoint }) => ({
    classifier: { ...classifier, ...(path !== undefined && { path }) } as ClassifierConfig,
    checkpoint,
  }))
  const beside = Object.entries(aces ?? {}).flatMap(([role, network]) =>
    network === undefined ? [] : [`${role} ${nameOfMember(network)}`],
  )
  return [[first, ...others].map(nameOfMember).join(' + '), ...beside].join(', ')
}

function nameOfMember({
  checkpoint,
  classifier,
}: {
  readonly checkpoint?: string | undefined
  readonly classifier: ClassifierConfig
}): string {
  if (checkpoint !== undefined) {
    const parent = dirname(checkpoint)
    const run = basename(parent) === 'checkpoints' ? dirname(parent) : parent
    return `${basename(run)}/${basename(checkpoint)}`
  }
  return nameOfClassifier(classifier)
}

/** Returns a short name of off-the-shelf weights. */
export function nameOfClassifier(classifier: ClassifierConfig): string {
  const { source, path, name } = { name: undefined, path: undefined, ...classifier }
  return `${source}:${name ?? (path === undefined ? 'random' : basename(path))}`
}
