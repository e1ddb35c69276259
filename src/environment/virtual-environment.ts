import { createHash } from 'node:crypto'
import { type FileHandle, mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { PythonStartError } from '../errors'
import { thisProcess } from '../files/processes'
import { openToAppend } from '../files/regular-file'
import { type Interpreter, openVirtualEnvironment } from './interpreter'
import { pipInstall } from './pip-install'
import { MINIMUM_PYTHON, type PythonInfo, probePython } from './probe-python'
import { ISOLATED } from './python-path'
import { type OnLine, runLines } from './run-lines'
import { minorVersion, readStamp, STAMP_NAME, type Stamp } from './stamp'

interface EnsureOptions {
  readonly requirementsFiles: readonly string[]
  /** The text of the requirements files. */
  readonly requirements: string
  /** The extras to record in the stamp. */
  readonly extras: readonly string[]
  readonly onLine: OnLine
}

interface Ensured {
  readonly interpreter: Interpreter
  readonly action: 'none' | 'created' | 'updated'
}

/** Returns whether `setup` owns this folder: it created it, or the folder is empty. */
export async function isOwnEnvironment(folder: string): Promise<boolean> {
  const entries = await readdir(folder).catch(() => undefined)
  return entries !== undefined && (entries.length === 0 || entries.includes(STAMP_NAME))
}

/**
 * Creates the virtual environment, or updates it, unless its stamp shows that it is current. The stamp is "unfinished"
 * from the first change until the last succeeds, so the next call completes an interrupted one. A lock makes a second
 * call wait for the first.
 */
export async function ensureVirtualEnvironment(folder: string, options: EnsureOptions): Promise<Ensured> {
  const { requirements, extras, onLine } = options
  const wanted = createHash('sha256').update(requirements).digest('hex')

  const ready = await openIfCurrent(folder, wanted)
  if (ready !== undefined) return { interpreter: ready, action: 'none' }

  const added = extras.length === 0 ? {} : { extras }
  const base = await findBasePython()
  const unfinished: Stamp = { requirements: null, python: minorVersion(base.version), ...added }
  const stampFile = await openStamp(folder)
  try {
    await lock(stampFile, base, onLine)
    const madeMeanwhile = await openIfCurrent(folder, wanted)
    if (madeMeanwhile !== undefined) return { interpreter: madeMeanwhile, action: 'none' }

    const isIntact = await isFinishedAndWorks(folder)
    await writeStamp(stampFile, { ...unfinished, setup: await thisProcess() })
    const interpreter = await install(folder, { ...options, base, isIntact, inherited: stampFile.fd }).catch(
      async (error: unknown) => {
        await writeStamp(stampFile, unfinished)
        throw error
      },
    )
    await writeStamp(stampFile, {
      requirements: wanted,
      python: minorVersion(interpreter.version),
      ...added,
    })
    return { interpreter, action: isIntact ? 'updated' : 'created' }
  } finally {
    await stampFile.close()
  }
}

/** Makes the environment unless it is intact, and installs what the requirements say. */
async function install(
  folder: string,
  {
    requirementsFiles,
    onLine,
    base,
    isIntact,
    inherited,
  }: EnsureOptions & {
    readonly base: PythonInfo
    readonly isIntact: boolean
    readonly inherited: number
  },
): Promise<Interpreter> {
  if (isIntact) {
    onLine(`Bringing the packages in ${folder} up to date.`)
  } else {
    onLine(`Making ${folder} with Python ${base.version}.`)
    await makeVirtualEnvironment(folder, base, { onLine, inherited })
  }
  const interpreter = await openVirtualEnvironment(folder)
  await pipInstall({
    ...{ python: interpreter.path, onLine, inherited },
    what: requirementsFiles.flatMap(file => ['-r', file]),
  })
  return interpreter
}

async function openStamp(folder: string): Promise<FileHandle> {
  try {
    await mkdir(folder, { recursive: true })
    return await openToAppend(join(folder, STAMP_NAME))
  } catch (cause) {
    throw new PythonStartError(`The environment ${folder} cannot be written: ${(cause as Error).message}.`, {
      remedy: 'Correct the cause, or name an interpreter that has the packages with --python or PYTHON_BIN.',
      cause,
    })
  }
}

/** Returns the interpreter if the requirements are completely installed for the current Python. */
async function openIfCurrent(folder: string, wanted: string): Promise<Interpreter | undefined> {
  const stamp = await readStamp(folder)
  if (stamp?.requirements !== wanted) return undefined
  const interpreter = await openIfWorks(folder)
  return interpreter !== undefined && minorVersion(interpreter.version) === stamp.python
    ? interpreter
    : undefined
}

async function isFinishedAndWorks(folder: string): Promise<boolean> {
  const finishedFor = (await readStamp(folder))?.requirements
  return typeof finishedFor === 'string' && (await openIfCurrent(folder, finishedFor)) !== undefined
}

async function openIfWorks(folder: string): Promise<Interpreter | undefined> {
  try {
    return await openVirtualEnvironment(folder)
  } catch (error) {
    if (error instanceof PythonStartError) return undefined
    throw error
  }
}

async function makeVirtualEnvironment(
  folder: string,
  base: PythonInfo,
  options: { readonly onLine: OnLine; readonly inherited: number },
): Promise<void> {
  // Keeps the stamp, without which the rest would look like the user's.
  for (const entry of await readdir(folder)) {
    if (entry !== STAMP_NAME) await rm(join(folder, entry), { recursive: true, force: true })
  }
  const { succeeded, lines } = await runLines(
    [base.baseExecutable, ...ISOLATED, '-m', 'venv', folder],
    options,
  )
  if (succeeded) return

  if (/ensurepip is not\s+available|No module named '?(venv|ensurepip)/.test(lines.join('\n'))) {
    throw new PythonStartError(
      `Python ${base.version} (${base.baseExecutable}) was installed without the part that makes virtual environments.`,
      {
        remedy:
          `Install it (on Debian and Ubuntu: \`sudo apt install python${minorVersion(base.version)}-venv\`), or name ` +
          'an interpreter that has the packages with --python or PYTHON_BIN.',
      },
    )
  }
  throw new PythonStartError(
    `Python ${base.version} (${base.baseExecutable}) could not make ${folder}: ${lines.at(-1) ?? 'it printed nothing'}.`,
    { remedy: 'Correct the cause and run `npx ft-cadis setup` again.' },
  )
}

/** Newer names first if `python3` is too old: distributions install them side by side. */
const BASE_COMMANDS = ['python3', 'python3.14', 'python3.13', 'python3.12', 'python3.11', 'python']

async function findBasePython(): Promise<PythonInfo> {
  const problems: string[] = []
  for (const command of BASE_COMMANDS) {
    const found = await probePython(command)
    if (!('problem' in found)) return found
    problems.push(`${command} ${found.problem}`)
  }
  throw new PythonStartError(
    `No Python ${MINIMUM_PYTHON} or newer was found to make the environment with: ${problems.join('; ')}.`,
    { remedy: `Install Python ${MINIMUM_PYTHON} or newer, or name one with --python or PYTHON_BIN.` },
  )
}

const TAKE_LOCK = `
try:
    import fcntl
    try:
        fcntl.flock(3, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print("busy", flush=True)
        fcntl.flock(3, fcntl.LOCK_EX)
except (ImportError, OSError):
    pass  # no such locks on this system or this file system: two setups at once are then not kept apart
`

/**
 * Locks the open file until it is closed here and in every process that inherited it. Node has no such call, but the lock
 * belongs to the open file, not to the process that requested it. The system releases it with the last holder, so a
 * killed setup leaves no lock, and a pip that outlives its setup still holds it.
 */
async function lock(file: FileHandle, base: PythonInfo, onLine: OnLine): Promise<void> {
  await runLines([base.baseExecutable, ...ISOLATED, '-c', TAKE_LOCK], {
    inherited: file.fd,
    onLine: line => {
      if (line === 'busy')
        onLine('Another setup is at work on this environment; waiting until it is through.')
    },
  })
}

async function writeStamp(file: FileHandle, stamp: Stamp): Promise<void> {
  await file.truncate(0)
  await file.appendFile(`${JSON.stringify(stamp)}\n`)
  await file.sync()
}
