import { type Command, Option } from 'commander'
import { jsonReports } from '../terminal/json-reports'
import type { FinetuneHooks } from '../training/hooks'
import { parseNumber } from './option-values'

/** What a program that fine-tunes for long lets its user say about the run itself. */
export interface RunOptions {
  readonly resume: boolean
  /** Starts over where the output folder has a run. */
  readonly replace?: boolean
  readonly maxHours?: number
  readonly onNonFinite: 'skip' | 'stop'
  readonly acceptChangedHooks?: boolean
  /** Whether the classifier is measured on clean test images before a new run begins. */
  readonly sanity?: boolean
  /** Says nothing. */
  readonly quiet?: boolean
  /** Writes each report as one line of JSON to stdout, and nothing else. */
  readonly json?: boolean
}

/** Adds the options of {@link RunOptions}. */
export function addRunOptions(program: Command): Command {
  return program
    .option(
      '--resume',
      'continue the run in the output folder from its newest checkpoint, if it has one',
      false,
    )
    .addOption(
      new Option('--replace', 'replace the run in the output folder by a new one').conflicts('resume'),
    )
    .option('--max-hours <hours>', 'stop with a checkpoint after this many hours', parseNumber({ min: 0 }))
    .addOption(
      new Option(
        '--on-non-finite <what>',
        'about an update that is not finite and so not taken: skip continues, unless it is the third in a row',
      )
        .choices(['skip', 'stop'])
        .default('skip'),
    )
    .option(
      '--accept-changed-hooks',
      'continue although a rule, loss term or schedule without a name has another source than when the run was begun',
    )
    .option('--no-sanity', 'do not measure the classifier on 200 clean test images before the first update')
    .addOption(new Option('--quiet', 'print nothing but errors').conflicts('json'))
    .option('--json', 'print each report as one line of JSON on stdout, and nothing else there')
}

/** What the options ask of `finetune`. */
export function runHooks({
  resume,
  replace,
  maxHours,
  onNonFinite,
  acceptChangedHooks,
  sanity,
  quiet,
  json,
}: RunOptions): Omit<FinetuneHooks, 'rule' | 'lossTerm' | 'schedule'> {
  return {
    ...(resume ? { existing: 'resume' as const } : {}),
    ...(replace === true ? { existing: 'replace' as const } : {}),
    maxHours,
    onNonFinite,
    acceptChangedHooks,
    sanity,
    progress: quiet !== true && json !== true,
    ...(json === true ? { watchers: [jsonReports()] } : {}),
  }
}

/** Whether text besides the progress is wanted: not by a program that reads stdout, and from one of several ranks only. */
export function isTalkative({ quiet, json }: RunOptions, { rank }: { rank: number }): boolean {
  return quiet !== true && json !== true && rank === 0
}
