import { fieldDifferences } from '../config/differences'
import { type HookTrace, type HookTraces, showHook } from '../config/hook-trace'
import { ConfigError } from '../errors'
import type { Checkpoint } from './checkpoint'

/** The comparison of two traces of a hook. */
type Verdict = 'same' | 'another' | 'another source' | 'not known'

/**
 * Refuses to resume with other functions than the original ones. Names and parameters decide. If these are equal and the
 * source differs, it warns. A bare function can only be identified by its source.
 *
 * @param now - The current functions.
 * @param options - `acceptChanged`: Whether to continue if the source of a bare function differs
 * @throws ConfigError that names both sides of every difference
 */
export function requireSameHooks(
  { folder, state }: Pick<Checkpoint, 'folder'> & { readonly state: { readonly hooks: HookTraces | null } },
  now: HookTraces,
  { acceptChanged = false }: { readonly acceptChanged?: boolean | undefined } = {},
): void {
  const then = state.hooks
  if (then === null) {
    process.emitWarning(
      `${folder} does not say which rule, loss term and schedule have trained it: whether they are the same cannot be checked.`,
    )
    return
  }
  const linesOf = (verdict: Verdict) =>
    [...new Set([...Object.keys(then), ...Object.keys(now)])]
      .filter(name => compare(then[name], now[name]) === verdict)
      .map(name => `  ${name}: ${showHook(then[name])} in the checkpoint, ${showHook(now[name])} now`)
  const others = linesOf('another')
  if (others.length > 0) {
    throw new ConfigError(`The run of ${folder} was begun with other hooks:\n${others.join('\n')}\n`, {
      remedy: 'Hand in what it was begun with, or choose another output folder for a new run.',
    })
  }
  const unknown = linesOf('not known')
  if (unknown.length > 0 && !acceptChanged) {
    throw new ConfigError(
      `The run of ${folder} was begun with hooks of which nothing says that they are the same now:\n${unknown.join('\n')}\n`,
      {
        remedy:
          'Where they do the same, give --accept-changed-hooks, in a script acceptChangedHooks: true. defineHook gives a function a name and parameters, which are compared in place of its source.',
      },
    )
  }
  for (const line of [...unknown, ...linesOf('another source')]) {
    process.emitWarning(`The run of ${folder} continues with another source of a hook:\n${line}`)
  }
}

function compare(then: HookTrace | undefined, now: HookTrace | undefined): Verdict {
  if (then === undefined || now === undefined) return then === now ? 'same' : 'another'
  const isSameSource = then.sha256 !== null && then.sha256 === now.sha256
  if (then.parameters === null || now.parameters === null) {
    return then.parameters === now.parameters && isSameSource ? 'same' : 'not known'
  }
  if (then.name !== now.name || fieldDifferences(then.parameters, now.parameters).length > 0) return 'another'
  return isSameSource ? 'same' : 'another source'
}
