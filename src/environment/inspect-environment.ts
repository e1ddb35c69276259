import { PythonStartError } from '../errors'
import { PYTHON_FOLDER } from './paths'
import { importEnvironment, SAFE_PATH } from './python-path'
import type { Requirement } from './requirements'

/** The packages installed in a Python, as reported by `ftcadis_host.inspect_environment`. */
export interface EnvironmentInfo {
  readonly packages: Readonly<
    Record<string, { readonly version: string | null; readonly import_error: string | null }>
  >
  /** How torchvision was made importable; null if it was not tried. */
  readonly torchvision_operators: 'native' | 'schemas defined' | 'not installed' | null
  /** Null if torch was not imported. */
  readonly cuda: {
    /** The CUDA version torch was built for; null for a CPU build. */
    readonly built_for: string | null
    /** Why CUDA is unusable, if torch reports it. */
    readonly problem: string | null
    readonly devices: readonly { readonly name: string; readonly memory_bytes: number }[]
  } | null
}

/**
 * Looks up the installed versions of the required packages (some tens of milliseconds). With `importPackages`, also
 * imports each of them and lists the devices (seconds).
 *
 * @throws PythonStartError if Python ends without an answer, for example if a package crashes
 */
export async function inspectEnvironment(
  python: string,
  requirements: readonly Pick<Requirement, 'name'>[],
  { importPackages = false }: { readonly importPackages?: boolean } = {},
): Promise<EnvironmentInfo> {
  const { execa } = await import('execa')
  const finished = await execa(
    python,
    [
      ...[...SAFE_PATH, '-X', 'faulthandler', '-m', 'ftcadis_host.inspect_environment'],
      ...(importPackages ? ['--import'] : []),
      ...requirements.map(({ name }) => name),
    ],
    // Runs in a folder of this package, because packages read settings from the working directory.
    { cwd: PYTHON_FOLDER, env: importEnvironment(), reject: false, stdin: 'ignore' },
  )
  if (finished.failed) {
    const how = finished.signal === undefined ? `exit code ${finished.exitCode}` : `signal ${finished.signal}`
    const said = finished.stderr.split('\n').slice(-15).join('\n')
    throw new PythonStartError(`${python} ended with ${how} while its packages were looked at:\n${said}\n`, {
      remedy: 'Reinstall the package in which it ended, or make a new environment.',
    })
  }
  return JSON.parse(finished.stdout) as EnvironmentInfo
}

/** Returns the required packages that are not installed. */
export async function findMissing(
  python: string,
  requirements: readonly Requirement[],
): Promise<Requirement[]> {
  const { packages } = await inspectEnvironment(python, requirements)
  return requirements.filter(({ name }) => packages[name]?.version == null)
}
