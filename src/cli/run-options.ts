import { type Command, Option } from 'commander'
import { jsonReports } from '../terminal/json-reports'
import type { FinetuneHooks } from '../training/hooks'
import { parseNumber } from './option-values'

/** The options of a run for a program that fine-tunes for long. */
export interface RunOptions {
  readonly resume: boolean
  /** Starts over if the output folder has a run. */
  readonly replace?: boolean
  readonly maxHours?: number
  readonly onNonFinite: 'skip' | 'stop'
  readonly acceptChangedHooks?: boolean
  /** Whether to measure the classifier on clean test images before a new run. */
  readonly sanity?: boolean
  /** Prints nothing. */
  readonly quiet?: boolean
  /** Writes each report as one line of JSON to stdout, and nothing else. */
  readonly json?: boolean
}

/** Adds the options of {@link RunOptions}. */
export function addRunOptions(program: Command): Command {
  return program
    .option(
      '--resume',
      'resume the run in the output folder from its newest checkpoint, if it has one',
      false,
    )
    .addOption(new Option('--replace', 'replace the run in the output folder').conflicts('resume'))
    .option('--max-hours <hours>', 'stop with a checkpoint after this many hours', parseNumber({ min: 0 }))
    .addOption(
      new Option(
        '--on-non-finite <what>',
        'what to do after a skipped, non-finite update: skip continues, unless it is the third in a row',
      )
        .choices(['skip', 'stop'])
        .default('skip'),
    )
    .option(
      '--accept-changed-hooks',
      'resume even if the source of an unnamed rule, loss term or schedule has changed since the run began',
    )
    .option('--no-sanity', 'skip measuring the classifier on 200 clean test images before the first update')
    .addOption(new Option('--quiet', 'print only errors').conflicts('json'))
    .option('--json', 'print only reports on stdout, one line of JSON each')
}

/** Returns the hooks for `finetune` from the options. */
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

/** Returns whether to print text other than progress: not if a program reads stdout, and only on one rank. */
export function isTalkative({ quiet, json }: RunOptions, { rank }: { rank: number }): boolean {
  return quiet !== true && json !== true && rank === 0
}
