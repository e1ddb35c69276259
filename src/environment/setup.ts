import { join, sep } from 'node:path'
import { PythonStartError } from '../errors'
import { PACKAGE_FOLDER } from '../files/package-folder'
import { findMissing } from './inspect-environment'
import {
  findNamedInterpreter,
  findVirtualEnvironment,
  type Interpreter,
  type InterpreterOptions,
  ORIGINS,
  openVirtualEnvironment,
} from './interpreter'
import { EXTRA_FILES, type Extra, REQUIREMENTS_FILE } from './paths'
import { pipInstall } from './pip-install'
import { pipInstallCommand, type Requirement, readRequirements, toPin } from './requirements'
import type { OnLine } from './run-lines'
import { readStamp } from './stamp'
import { ensureVirtualEnvironment, isOwnEnvironment } from './virtual-environment'

export interface SetupOptions extends InterpreterOptions {
  /** Whether to install missing packages into an environment that setup did not create. Default: false, it is only checked. */
  readonly install?: boolean | undefined
  /** Exact pins, in pip's format. Default: the list of this package. */
  readonly requirementsFile?: string
  /** Additional packages for some commands. A `.venv` created by setup keeps them from then on. */
  readonly with?: readonly Extra[] | undefined
  /** The lists of these packages. Default: those of this package. */
  readonly extraFiles?: Readonly<Record<Extra, string>>
  /** Called with every line of progress, including pip's. */
  readonly onLine?: OnLine
}

export interface SetupResult {
  readonly interpreter: Interpreter
  /** The action taken: nothing, a new `.venv`, newer packages in it, or packages added to an environment of the user. */
  readonly action: 'none' | 'created' | 'updated' | 'installed'
}

/**
 * Provides a Python with every required package. If nothing is to do, it returns in well under a second.
 *
 * If the option `python`, `PYTHON_BIN`, an active conda environment or the user's own `.venv` selects the Python, nothing
 * is installed there without `install`, and versions other than the pinned ones are accepted (torch often depends on the
 * machine's CUDA). Otherwise setup creates a `.venv` from the requirements: in this package's folder in a checkout, or in
 * the working directory if npm manages the package. The next call completes an interrupted setup; concurrent calls wait
 * for each other.
 *
 * @throws PythonStartError if no suitable Python is found, a package is missing in the user's environment, or an
 * installation fails
 */
export async function setup(options: SetupOptions = {}): Promise<SetupResult> {
  const { requirementsFile = REQUIREMENTS_FILE, extraFiles = EXTRA_FILES, onLine = () => {} } = options
  const wanted = { requirementsFile, extraFiles, extras: options.with ?? [] }
  const { requirements } = await readLists(wanted)

  const named = await findNamedInterpreter(options)
  if (named !== undefined) return completeUsersEnvironment(named, requirements, options)

  const existing = await findVirtualEnvironment(options)
  if (existing !== undefined && !(await isOwnEnvironment(existing))) {
    return completeUsersEnvironment(await openVirtualEnvironment(existing), requirements, options)
  }
  const folder = existing ?? defaultFolder(options)
  const added = (await readStamp(folder))?.extras ?? []
  const known = Object.keys(EXTRA_FILES).filter((extra): extra is Extra => added.includes(extra))
  const extras = [...new Set([...known, ...wanted.extras])].sort()
  const { files, text } = await readLists({ ...wanted, extras })
  return ensureVirtualEnvironment(folder, { requirementsFiles: files, requirements: text, extras, onLine })
}

/** Reads the pins of the list and of the extras. */
async function readLists({
  requirementsFile,
  extraFiles,
  extras,
}: Required<Pick<SetupOptions, 'requirementsFile' | 'extraFiles'>> & {
  readonly extras: readonly Extra[]
}): Promise<{
  readonly files: readonly string[]
  readonly text: string
  readonly requirements: readonly Requirement[]
}> {
  const files = [requirementsFile, ...extras.map(extra => extraFiles[extra])]
  const lists = await Promise.all(files.map(readRequirements))
  return {
    files,
    text: lists.map(({ text }) => text).join('\n'),
    requirements: lists.flatMap(list => list.requirements),
  }
}

/** Returns the folder of the environment: next to package.json in a checkout; an installed package's folder belongs to npm. */
function defaultFolder({ folders }: SetupOptions): string {
  const isManagedByNpm = PACKAGE_FOLDER.split(sep).includes('node_modules')
  return join(folders?.[0] ?? (isManagedByNpm ? process.cwd() : PACKAGE_FOLDER), '.venv')
}

async function completeUsersEnvironment(
  interpreter: Interpreter,
  requirements: readonly Requirement[],
  { install = false, onLine = () => {} }: SetupOptions,
): Promise<SetupResult> {
  const missing = await findMissing(interpreter.path, requirements)
  if (missing.length === 0) return { interpreter, action: 'none' }

  if (!install) {
    throw new PythonStartError(
      `${describeInterpreter(interpreter)} lacks ${missing.map(({ name }) => name).join(', ')}.`,
      {
        remedy:
          `Run \`${pipInstallCommand(interpreter.path, missing)}\`, or let setup do it with the option ` +
          '`--install`.',
      },
    )
  }
  onLine(`Installing into ${describeInterpreter(interpreter)}.`)
  await pipInstall({ python: interpreter.path, what: missing.map(toPin), onLine })
  return { interpreter, action: 'installed' }
}

function describeInterpreter({ path, origin, version }: Interpreter): string {
  return `Python ${version} ${ORIGINS[origin]} (${path})`
}
