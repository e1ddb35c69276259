import { ConfigError } from '../errors'
import { type Refuse, readText } from '../files/read-text'

/** A package and its tested version. */
export interface Requirement {
  readonly name: string
  readonly version: string
}

/**
 * Reads the pinned versions from a requirements file. Ignores comments and pip options (`--find-links …`).
 *
 * @throws ConfigError if the file cannot be read, or a line is not an exact pin `name==version`
 */
export async function readRequirements(file: string): Promise<{ text: string; requirements: Requirement[] }> {
  const refuse: Refuse = (reason, cause) =>
    new ConfigError(`The requirements file ${file} ${reason}.`, {
      remedy: 'Name a file that pip can install from, or reinstall ft-cadis.',
      cause,
    })
  const text = await readText(file, { refuse, most: 1_000_000 })
  if (text === undefined) throw refuse('is missing')
  const requirements = text
    .split('\n')
    .map(line => line.replace(/(^|\s)#.*/, '').trim())
    .filter(line => line !== '' && !line.startsWith('-'))
    .map(line => {
      const pin = /^([A-Za-z0-9][\w.-]*)\s*==\s*([\w.!+]+)$/.exec(line)
      if (pin?.[1] === undefined || pin[2] === undefined) {
        throw new ConfigError(
          `${file} has the line "${line}", expected an exact pin such as "torch==2.13.0".`,
          {
            remedy: 'Write the line as name==version.',
          },
        )
      }
      return { name: pin[1], version: pin[2] }
    })
  return { text, requirements }
}

/** Returns whether an installed version is the pinned one, ignoring local labels such as `+cpu` in `2.13.0+cpu`. */
export function isPinnedVersion(installed: string, pinned: string): boolean {
  return installed === pinned || installed.split('+')[0] === pinned
}

/** Returns the command that installs these packages at their pinned versions. */
export function pipInstallCommand(python: string, requirements: readonly Requirement[]): string {
  return [python, '-m', 'pip', 'install', ...requirements.map(toPin)].map(quoteForShell).join(' ')
}

export function toPin({ name, version }: Requirement): string {
  return `${name}==${version}`
}

function quoteForShell(word: string): string {
  return /^[\w@%+=:,./\\-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}
