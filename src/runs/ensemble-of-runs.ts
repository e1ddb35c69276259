import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fieldDifferences, showValue } from '../config/differences'
import { type CertificationRunConfig, certificationOf } from '../config/schema'
import { CheckpointError, ConfigError } from '../errors'
import { isFolder } from '../files/exists'
import { given } from '../files/given'
import { readSmoothed } from '../smoothing/smoothed-file'
import type { KnownSmoothed } from '../smoothing/smoothed-input'
import type { TrainedRun } from '../smoothing/trained-classifier'
import { checkpointNameIn } from './checkpoint-name'
import { findCheckpoint } from './find-checkpoint'
import { readStatus } from './read-run'

/** The runs of an ensemble, in order. */
export type MemberRuns = readonly (TrainedRun & { readonly folder: string })[]

/**
 * Returns the members of an ensemble trained into one folder: the runs `members/0`, `members/1`, …; undefined if there
 * are none.
 *
 * @throws CheckpointError listing members that are missing or unfinished
 */
export async function memberRuns(
  folder: string,
  { checkpoint }: { readonly checkpoint: string | undefined },
): Promise<MemberRuns | undefined> {
  // Members trained together are inside the checkpoint of one run.
  if (checkpointNameIn(folder) !== undefined) return undefined
  const all = join(folder, 'members')
  if (!(await isFolder(all))) return undefined
  const names = (await readdir(all)).filter(name => /^\d+$/.test(name)).sort((a, b) => Number(a) - Number(b))
  const missing = names.flatMap((name, place) => (Number(name) === place ? [] : [place]))
  if (names.length === 0 || missing.length > 0) {
    throw new CheckpointError(
      `${all} must hold the runs 0, 1, … of an ensemble, but has ${names.length === 0 ? 'none' : names.join(', ')}.`,
      { remedy: 'Give the folder of an ensemble whose members are all there.' },
    )
  }
  const folders = names.map(name => join(all, name))
  const conditions = await Promise.all(
    folders.map(async run => ({ run, condition: (await readStatus(run)).condition })),
  )
  const open = conditions.filter(({ condition }) => condition !== 'finished')
  if (open.length > 0) {
    const list = open.map(({ run, condition }) => `  ${run}: ${condition}`).join('\n')
    throw new CheckpointError(`These members of the ensemble have not finished:\n${list}\n`, {
      remedy: 'Let them finish, or certify a member by its own folder.',
    })
  }
  return Promise.all(
    folders.map(async run => ({ folder: run, ...(await findCheckpoint(run, { checkpoint })) })),
  )
}

/** Settings that members must share: an ensemble gets one denoised copy, and sums over one list of classes. */
const SHARED = ['smoothing', 'data', 'classifier'] as const

/**
 * Returns the certification of an ensemble of runs, with the settings of the first.
 *
 * @throws ConfigError listing differences in smoothing, data or classifier between members, except weights
 */
export function ensembleOfRuns(members: MemberRuns): CertificationRunConfig {
  const [first, ...others] = members
  if (first === undefined) {
    throw new ConfigError('An ensemble of no members was asked for.', { remedy: 'Name at least one run.' })
  }
  const config = certificationOf(first.config, first.checkpoint)
  for (const other of others) {
    const own = certificationOf(other.config, other.checkpoint)
    const differences = SHARED.flatMap(section =>
      fieldDifferences(config[section], own[section])
        .filter(({ field }) => !/^(path|file)$/.test(field))
        .map(
          ({ field, before, after }) => `  ${section}.${field}: ${showValue(before)} and ${showValue(after)}`,
        ),
    )
    if (differences.length > 0) throw disagree(first, other, differences)
  }
  return {
    ...config,
    ...(others.length > 0 && {
      ensemble: {
        others: others.map(({ config: { classifier }, checkpoint }) => ({
          ...('path' in classifier && classifier.path !== undefined && { path: classifier.path }),
          checkpoint,
        })),
        by: 'logits',
      },
    }),
  }
}

/**
 * Returns what the checkpoint of the first member states about its images and weights; nothing for one of an earlier version.
 *
 * @throws ConfigError if members were trained for different classes
 */
export async function factsOfMembers(members: MemberRuns): Promise<Omit<KnownSmoothed, 'config'>> {
  const [first, ...others] = await Promise.all(
    members.map(async member => ({ member, stated: await readSmoothed(member.checkpoint) })),
  )
  if (first?.stated === undefined) return {}
  const { classes, data, hooks, weights } = first.stated
  for (const { member, stated = first.stated } of others) {
    const differences = fieldDifferences({ classes }, { classes: stated.classes })
    if (differences.length === 0) continue
    const list = [`  classes: ${showValue(classes)} and ${showValue(stated.classes)}`]
    throw disagree(first.member, member, list)
  }
  return { classes, weights, ...given({ data, hooks }) }
}

function disagree(
  first: MemberRuns[number],
  other: MemberRuns[number],
  differences: readonly string[],
): ConfigError {
  return new ConfigError(
    `The members ${first.folder} and ${other.folder} do not go together:\n${differences.join('\n')}\n`,
    { remedy: 'Give members with the same smoothing, data and classifier; weights alone may differ.' },
  )
}
