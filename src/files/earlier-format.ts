import { parse } from 'node:path'

/**
 * The rule for what earlier versions have written: it is read, and what it does not say is named. Nothing is added to it,
 * because this version makes the rest of a run or of a log by other rules.
 */

/** Why and how something of an earlier version is not added to. */
export interface EarlierFormat {
  /** What has the format: `The log a.tsv`. */
  readonly what: string
  readonly format: number
  /** The format that this version writes. */
  readonly current: number
  /** What is not done with it: `continued`, `resumed`, `merged`. */
  readonly not: string
  /** What makes a new one in its place: a command. */
  readonly afresh: string
}

/** The refusal to add to it: the message of an error, and its remedy. */
export function refusalOf({ what, format, current, not, afresh }: EarlierFormat): {
  readonly message: string
  readonly remedy: string
} {
  return {
    message: `${what} has format ${format}, which is read but not ${not}; this version writes format ${current}.`,
    remedy: `Start afresh: ${afresh}`,
  }
}

/** Says what the file of an earlier version leaves open. */
export function unsaidNote(what: string, unsaid: readonly string[]): string | undefined {
  if (unsaid.length === 0) return undefined
  return `${what} does not say ${unsaid.join(', nor ')}, as files of earlier versions do not: that cannot be checked.`
}

/** A path for the new one beside it: `runs/a` → `runs/a-2`, `certify.tsv` → `certify-2.tsv`. */
export function pathAfresh(path: string): string {
  const { base, ext } = parse(path)
  const end = ext === '' ? path.length : path.length - ext.length
  return base === ext ? `${path}-2` : `${path.slice(0, end)}-2${ext}`
}
