import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { LabelledLog } from '../../analysis/runs'
import { fileName } from '../../analysis/runs'
import { ConfigError } from '../../errors'
import { isObject, readJson } from '../../files/read-json'
import { type CertificationLog, readCertificationLog } from '../../logs/certification-log-file'

/**
 * Reads all logs named on the command line before anything is printed.
 *
 * @throws ConfigError if a log is given twice under one label; otherwise as `readCertificationLog`
 */
export async function readLogs(
  words: readonly string[],
  {
    by,
    envelope = false,
  }: { readonly by?: readonly LabelField[] | undefined; readonly envelope?: boolean } = {},
): Promise<LabelledLog[]> {
  if (by !== undefined) {
    const labelled = await readLabelled(words, { by, envelope })
    requireOnce(labelled.map(({ label }, place) => ({ label, path: words[place] ?? '' })))
    return labelled
  }
  const named = words.map(splitLabel)
  const unlabelled = named.filter(({ label }) => label === undefined).map(({ path }) => fileName(path))
  const entries = named.map(({ label, path }) => {
    const name = fileName(path)
    // Files of the same name in different folders are seeds only if a label says so.
    const isUnique = unlabelled.filter(other => other === name).length < 2
    return { label: label ?? (isUnique ? name : path), path }
  })
  requireOnce(entries)
  return Promise.all(
    entries.map(async ({ label, path }) => ({ label, log: await readCertificationLog(path) })),
  )
}

function requireOnce(entries: readonly { readonly label: string; readonly path: string }[]): void {
  const seen = new Set<string>()
  for (const { label, path } of entries) {
    const key = JSON.stringify([label, resolve(path)])
    if (seen.has(key)) {
      throw new ConfigError(`The log ${path} is given twice as "${label}".`, { remedy: 'Name it once.' })
    }
    seen.add(key)
  }
}

/**
 * Splits `label=path`. A file whose path contains an equals sign is a path. If both contain more of them, the path is the
 * shortest existing one, or else the part after the last sign.
 */
function splitLabel(word: string): { readonly label: string | undefined; readonly path: string } {
  const places = [...word].flatMap((character, at) => (character === '=' && at > 0 ? [at] : [])).reverse()
  const last = places[0]
  if (last === undefined || existsSync(word)) return { label: undefined, path: word }
  const at = places.find(place => existsSync(word.slice(place + 1))) ?? last
  return { label: word.slice(0, at), path: word.slice(at + 1) }
}

/** The fields that `--by` can turn into labels. */
const LABEL_FIELDS = ['method', 'sigma', 'n', 'folder'] as const
export type LabelField = (typeof LABEL_FIELDS)[number]

/**
 * Parses the fields of `--by`.
 *
 * @throws ConfigError for another word
 */
export function parseBy(word: string): LabelField[] {
  return word.split(',').map(name => {
    const field = LABEL_FIELDS.find(known => known === name.trim())
    if (field !== undefined) return field
    throw new ConfigError(`--by takes ${LABEL_FIELDS.join(', ')}, with commas between, got ${word}.`, {
      remedy: 'Write for instance method,sigma.',
    })
  })
}

/** Takes labels from the metadata of runs and logs. An envelope is over the noise levels, so no label contains them. */
async function readLabelled(
  paths: readonly string[],
  { by, envelope }: { readonly by: readonly LabelField[]; readonly envelope: boolean },
): Promise<LabelledLog[]> {
  const fields = by.filter(field => !(envelope && field === 'sigma'))
  return Promise.all(
    paths.map(async path => {
      const log = await readCertificationLog(path)
      const parts = await Promise.all(fields.map(field => partOf(field, { path, log })))
      return { label: parts.join(', '), log }
    }),
  )
}

async function partOf(
  field: LabelField,
  { path, log }: { readonly path: string; readonly log: CertificationLog },
): Promise<string> {
  const { configuration } = log.metadata ?? {}
  const unknown = () =>
    new ConfigError(`Nothing beside ${path} says its ${field}, which --by asks for.`, {
      remedy: 'Label the log yourself, as label=path, without --by.',
    })
  switch (field) {
    case 'sigma':
      if (configuration === undefined) throw unknown()
      return `σ = ${configuration.sigma}`
    case 'n':
      if (configuration === undefined) throw unknown()
      return `n = ${configuration.n}`
    case 'folder':
      return dirname(path)
    case 'method': {
      const method = (await methodOfRun(path)) ?? configuration?.classifier
      if (typeof method !== 'string') throw unknown()
      return method
    }
  }
}

/**
 * Number of folders above a log in which to look for its run: `<run>/certify.tsv`, or
 * `<run>/checkpoints/epoch-12/certify.tsv`.
 */
const LEVELS = 3

/** Returns the kind of method of the run that contains a log; undefined if none does. */
async function methodOfRun(path: string): Promise<string | undefined> {
  let folder = dirname(resolve(path))
  for (let level = 0; level < LEVELS; level += 1) {
    const content = await readJson(join(folder, 'config.json'))
    const method = isObject(content) && isObject(content.config) ? content.config.method : undefined
    if (isObject(method) && typeof method.kind === 'string') return method.kind
    folder = dirname(folder)
  }
  return undefined
}
