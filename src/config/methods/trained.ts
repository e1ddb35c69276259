import type { MethodConfig } from '../types/method'

/**
 * The networks that a run trains: one classifier, the members of an ensemble together, or the denoiser in front of a
 * frozen classifier.
 */
export type Trained = 'classifier' | 'members' | 'denoiser'

/** Methods that do not train a single classifier. */
const OTHERS: Readonly<Record<string, Trained>> = {
  'diverse-ensemble': 'members',
  denoiser: 'denoiser',
  diffusion: 'denoiser',
  score: 'denoiser',
  calibration: 'denoiser',
} satisfies { readonly [kind in MethodConfig['kind']]?: Trained }

/** Returns which networks a method trains, by its kind. Custom methods train the classifier. */
export function trainedBy(kind: string): Trained {
  return OTHERS[kind] ?? 'classifier'
}

/** Returns the number of classifiers that vote in the trained result. */
export function votingMembers(method: { readonly kind: string; readonly members?: unknown }): number {
  return trainedBy(method.kind) === 'members' ? Number(method.members) : 1
}

/** Returns the folders of a checkpoint that hold the trained networks, in order. */
export function networkFolders(method: { readonly kind: string; readonly members?: unknown }): string[] {
  const trained = trainedBy(method.kind)
  if (trained === 'classifier') return ['.']
  if (trained === 'denoiser') return ['denoiser']
  return Array.from({ length: Number(method.members) }, (_, member) => `members/${member}`)
}

/** Returns whether a method's result classifies into the classes of the data, so that it can be certified directly. */
export function givesClasses(kind: string): boolean {
  return kind !== 'selector' && kind !== 'router'
}
