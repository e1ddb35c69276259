import type { MethodConfig } from '../types/method'

/** What a run trains: one classifier; the members of an ensemble together; or the denoiser, in front of a frozen classifier. */
export type Trained = 'classifier' | 'members' | 'denoiser'

/** The kinds of method that train something else than one classifier. */
const OTHERS: Readonly<Record<string, Trained>> = {
  'diverse-ensemble': 'members',
} satisfies { readonly [kind in MethodConfig['kind']]?: Trained }

/** What a method trains, by its kind. Those of a script train the classifier. */
export function trainedBy(kind: string): Trained {
  return OTHERS[kind] ?? 'classifier'
}

/** The folders of the members in a checkpoint of them, in their order. */
export function memberFolders(method: { readonly kind: string; readonly members?: unknown }): string[] {
  const count = trainedBy(method.kind) === 'members' ? Number(method.members) : 0
  return Array.from({ length: count }, (_, member) => `members/${member}`)
}
