import { ConfigError } from '../../errors'
import type { Purification } from '../../smoothing/purification'
import type { Smoothing } from '../../smoothing/smoothing'
import type { Voter } from '../voters'
import type { PassSize } from './pass-size'

/** A smoothed classifier that votes. Lines with the same smoothing see the same noise in copies of one stage and number. */
export interface Line {
  readonly smoothing: Smoothing
  readonly voter: Voter
  /** Default: the classifier looks at each copy once. */
  readonly purification?: Purification | undefined
  /** Largest number of copies that the whole command requests from it: its passes are no larger. Default: `batch` alone decides. */
  readonly copies?: number | undefined
}

/** A line as a queue sees it. */
export interface QueueLine extends Pick<Voter, 'ballots'> {
  readonly size: PassSize
  /** Pass sizes of the networks that settle the voter's open copies, by ballot. */
  readonly rests?: ReadonlyMap<string, PassSize>
}

/** @param size - makes the pass size of each: they are halved separately */
export function queueLine(
  { ballots, rests = {} }: Pick<Voter, 'ballots' | 'rests'>,
  size: () => PassSize,
): QueueLine {
  return { ballots, size: size(), rests: new Map(Object.keys(rests).map(ballot => [ballot, size()])) }
}

/** The line of requests that name none. */
export const MAIN_LINE = 'main'

/** @throws ConfigError for an unknown line or ballot */
export function ballotOf(
  lines: ReadonlyMap<string, Pick<Voter, 'ballots'>>,
  { line, ballot }: { readonly line: string; readonly ballot: string },
): Voter['ballots'][string] {
  const asked = lines.get(line)
  if (asked === undefined) {
    throw new ConfigError(
      `A certifier asks the line "${line}", and there is ${[...lines.keys()].join(', ') || 'none'}.`,
      { remedy: 'Name each smoothed classifier that it asks in `lines`.' },
    )
  }
  const found = asked.ballots[ballot]
  if (found !== undefined) return found
  throw new ConfigError(
    `A certifier looks at the ballot "${ballot}", and the line "${line}" has ${Object.keys(asked.ballots).join(', ')}.`,
    { remedy: 'Give the line a voter with that ballot, or the certifier another one.' },
  )
}
