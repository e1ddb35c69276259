import type { MethodConfig } from '../types/method'

/** What a run trains: one classifier; the members of an ensemble together; or the denoiser, in front of a frozen classifier. */
export type Trained = 'classifier' | 'members' | 'denoiser'

/** The kinds of method that train something else than one classifier. */
const OTHERS: Readonly<Record<string, Trained>> = {
  'diverse-ensemble': 'members',
  denoiser: 'denoiser',
  diffusion: 'denoiser',
  score: 'denoiser',
  calibration: 'denoiser',
} satisfies { readonly [kind in MethodConfig['kind']]?: Trained }

/** What a method trains, by its kind. Those of a script train the classifier. */
export function trainedBy(kind: string): Trained {
  return OTHERS[kind] ?? 'classifier'
}

/** How many classifiers vote in what a method trains. */
export function votingMembers(method: { readonly kind: string; readonly members?: unknown }): number {
  return trainedBy(method.kind) === 'members' ? Number(method.members) : 1
}

/** The folders in a checkpoint that hold the networks that were trained, in their order. */
export function networkFolders(method: { readonly kind: string; readonly members?: unknown }): string[] {
  const trained = trainedBy(method.kind)
  if (trained === 'classifier') return ['.']
  if (trained === 'denoiser') return ['denoiser']
  return Array.from({ length: Number(method.members) }, (_, member) => `members/${member}`)
}

/** Whether what a method trains gives images the classes of the data, so that it can be certified without anything else. */
export function givesClasses(kind: string): boolean {
  return kind !== 'selector' && kind !== 'router'
}
