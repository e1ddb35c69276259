import { parse } from 'node:path'

/**
 * The rule for files of earlier versions: they can be read, with a note about missing information. Nothing is appended to
 * them, because this version follows other rules for runs and logs.
 */

/** Why nothing is appended to a file of an earlier version, and what to do instead. */
export interface EarlierFormat {
  /** The subject: `The log a.tsv`. */
  readonly what: string
  readonly format: number
  /** The format of this version. */
  readonly current: number
  /** The refused action: `continued`, `resumed`, `merged`. */
  readonly not: string
  /** The command that creates a new one. */
  readonly afresh: string
}

/** Returns the refusal to append: an error message and its remedy. */
export function refusalOf({ what, format, current, not, afresh }: EarlierFormat): {
  readonly message: string
  readonly remedy: string
} {
  return {
    message: `${what} has format ${format}, which is read but not ${not}; this version writes format ${current}.`,
    remedy: `Start afresh: ${afresh}`,
  }
}

/** Returns a note about information that the file of an earlier version lacks. */
export function unsaidNote(what: string, unsaid: readonly string[]): string | undefined {
  if (unsaid.length === 0) return undefined
  return `${what} does not say ${unsaid.join(', nor ')}, as files of earlier versions do not: that cannot be checked.`
}

/** Returns a path next to it for the new one: `runs/a` → `runs/a-2`, `certify.tsv` → `certify-2.tsv`. */
export function pathAfresh(path: string): string {
  const { base, ext } = parse(path)
  const end = ext === '' ? path.length : path.length - ext.length
  return base === ext ? `${path}-2` : `${path.slice(0, end)}-2${ext}`
}
