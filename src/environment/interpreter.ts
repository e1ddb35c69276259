import { lstat } from 'node:fs/promises'
import { basename, join, resolve, sep } from 'node:path'
import { PythonStartError } from '../errors'
import { PACKAGE_FOLDER } from '../files/package-folder'
import { MINIMUM_PYTHON, probePython } from './probe-python'
import { processAtWork, readStamp } from './stamp'

/** A Python that has run once and is recent enough. Its packages are not checked. */
export interface Interpreter {
  /** Absolute path. */
  readonly path: string
  readonly origin: 'option' | 'PYTHON_BIN' | 'conda' | 'venv'
  /** For instance `3.11.7`. */
  readonly version: string
}

export interface InterpreterOptions {
  /** Path of an interpreter, or the name of a command; overrides everything else. */
  readonly python?: string | undefined
  /** The environment variables to read. Default: those of this process. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** The folders to search for `.venv`, in order. Default: the working directory, then this package's folder. */
  readonly folders?: readonly string[]
}

/**
 * Returns the Python that this package runs, the first of: the option `python`; `PYTHON_BIN`; an active conda environment
 * created from environment.yml; `.venv` in the working directory; `.venv` in this package's folder. If a named
 * interpreter does not work, it throws; it does not try another one.
 *
 * @throws PythonStartError if the Python found is missing, not executable, not Python or too old, if the `.venv` found is
 * broken or unfinished, or if there is none at all
 */
export async function resolveInterpreter(options: InterpreterOptions = {}): Promise<Interpreter> {
  const named = await findNamedInterpreter(options)
  if (named !== undefined) return named

  const environment = await findVirtualEnvironment(options)
  if (environment === undefined) {
    throw new PythonStartError(
      `No Python environment was found: --python and PYTHON_BIN name none, no conda environment made from ` +
        `environment.yml is active, and ${virtualEnvironmentFolders(options).join(' or ')} does not exist.`,
      { remedy: 'Run `npx ft-cadis setup`.' },
    )
  }
  const stamp = await readStamp(environment)
  if (stamp !== undefined && stamp.requirements === null) {
    const atWork = await processAtWork(stamp)
    if (atWork !== undefined) {
      throw new PythonStartError(`The environment ${environment} is being set up by process ${atWork.pid}.`, {
        remedy: 'Wait for it.',
      })
    }
    throw new PythonStartError(
      `The environment ${environment} is unfinished: its setup was interrupted or failed.`,
      {
        remedy: 'Run `npx ft-cadis setup` to complete it.',
      },
    )
  }
  return openVirtualEnvironment(environment)
}

/** Returns the interpreter chosen by option, `PYTHON_BIN` or conda; undefined if none of them applies. */
export async function findNamedInterpreter(options: InterpreterOptions): Promise<Interpreter | undefined> {
  const { python, env = process.env } = options
  if (python !== undefined) {
    return openNamed(python, {
      origin: 'option',
      source: '--python',
      remedy: `Give the path of a Python ${MINIMUM_PYTHON} or newer.`,
    })
  }
  if (env.PYTHON_BIN) {
    return openNamed(env.PYTHON_BIN, {
      origin: 'PYTHON_BIN',
      source: 'PYTHON_BIN',
      remedy: `Set it to the path of a Python ${MINIMUM_PYTHON} or newer, or unset it.`,
    })
  }
  return env.CONDA_PREFIX ? findCondaInterpreter(env.CONDA_PREFIX) : undefined
}

/** Returns the first existing `.venv`, whatever its state. */
export async function findVirtualEnvironment(options: InterpreterOptions): Promise<string | undefined> {
  for (const folder of virtualEnvironmentFolders(options)) {
    if (await lstat(folder).catch(() => undefined)) return folder
  }
  return undefined
}

/**
 * Returns the interpreter of a virtual environment.
 *
 * @throws PythonStartError if it is broken
 */
export async function openVirtualEnvironment(folder: string): Promise<Interpreter> {
  const path = join(folder, process.platform === 'win32' ? 'Scripts\\python.exe' : 'bin/python')
  const found = await probePython(path)
  const problem =
    'problem' in found
      ? `its ${path} ${found.problem}`
      : found.isVirtualEnvironment
        ? undefined
        : 'its pyvenv.cfg is missing or does not name the Python that it was made from'
  if ('problem' in found || problem !== undefined) {
    throw new PythonStartError(`The environment ${folder} is broken: ${problem}.`, {
      remedy: (await readStamp(folder))
        ? 'Run `npx ft-cadis setup` to make it again.'
        : 'Delete it and run `npx ft-cadis setup`.',
    })
  }
  return { path, origin: 'venv', version: found.version }
}

/** The origin of an interpreter, in the user's terms. */
export const ORIGINS: Readonly<Record<Interpreter['origin'], string>> = {
  option: 'named by --python',
  PYTHON_BIN: 'named by PYTHON_BIN',
  conda: 'of the active conda environment',
  venv: 'of .venv',
}

function virtualEnvironmentFolders({
  folders = [process.cwd(), PACKAGE_FOLDER],
}: InterpreterOptions): string[] {
  return [...new Set(folders.map(folder => join(resolve(folder), '.venv')))]
}

async function openNamed(
  command: string,
  { origin, source, remedy }: { origin: Interpreter['origin']; source: string; remedy: string },
): Promise<Interpreter> {
  const isPath = command.includes('/') || command.includes(sep)
  const shown = isPath ? resolve(command) : command
  const found = await probePython(shown)
  if ('problem' in found) {
    throw new PythonStartError(`${source} names ${shown || '""'}, which ${found.problem}.`, { remedy })
  }
  // A path is kept as given: it may be a wrapper that prepares the machine before it starts Python.
  return { path: isPath ? shown : found.executable, origin, version: found.version }
}

/** The name in environment.yml. */
const CONDA_NAME = 'ft-cadis'

/** The main packages of environment.yml; an environment with all of them counts, whatever its name. */
const CONDA_MODULES = ['torch', 'timm', 'diffusers', 'peft']

/**
 * Returns the Python of a conda environment created from environment.yml. Many shells always have conda's base
 * environment active, so an active environment alone is not enough: it needs the name in environment.yml or, since `conda
 * env create --name` changes that, the packages. With the name only, packages may be missing; setup and doctor report
 * these.
 */
async function findCondaInterpreter(prefix: string): Promise<Interpreter | undefined> {
  const path = join(prefix, process.platform === 'win32' ? 'python.exe' : 'bin/python')
  const found = await probePython(path, CONDA_MODULES)
  const isNamed = basename(prefix) === CONDA_NAME
  if ('problem' in found) {
    if (!isNamed) return undefined
    throw new PythonStartError(`The active conda environment has ${path}, which ${found.problem}.`, {
      remedy: 'Make it again from environment.yml, or deactivate it.',
    })
  }
  if (!isNamed && found.modules.length < CONDA_MODULES.length) return undefined
  return { path, origin: 'conda', version: found.version }
}
