import { lstat, readlink, stat } from 'node:fs/promises'
import { isAbsolute, sep } from 'node:path'
import { ISOLATED } from './python-path'

/**
 * The oldest Python that supports the pinned packages, as set by numpy, diffusers and transformers. environment.yml has
 * the tested version.
 */
export const MINIMUM_PYTHON = '3.11'

/** The self-description of a Python. */
export interface PythonInfo {
  /** For instance `3.11.7`. */
  readonly version: string
  readonly executable: string
  /** The interpreter from which a virtual environment was created; outside one, the same as `executable`. */
  readonly baseExecutable: string
  readonly isVirtualEnvironment: boolean
  /** Those requested modules that are available. */
  readonly modules: readonly string[]
}

/** Why a command is not a usable Python, as the end of a sentence: "which {problem}". */
interface PythonProblem {
  readonly problem: string
}

// Runs on every Python that supports isolated mode, so that an old one can report its version.
const PROBE = `
import json, sys
from importlib.util import find_spec
print(json.dumps({
    "version": "%d.%d.%d" % sys.version_info[:3],
    "executable": sys.executable,
    "baseExecutable": getattr(sys, "_base_executable", sys.executable),
    "isVirtualEnvironment": sys.prefix != getattr(sys, "base_prefix", sys.prefix),
    "modules": [name for name in sys.argv[1:] if find_spec(name)],
}))
`

/** The error of a Python before 3.4 for these options. */
const UNKNOWN_OPTION = /^unknown option:? -I/im

const ANSWER_TIMEOUT_MS = 20_000

/** Runs `command` (a path, or the name of a command on PATH) and identifies it, in some tens of milliseconds. */
export async function probePython(
  command: string,
  modules: readonly string[] = [],
): Promise<PythonInfo | PythonProblem> {
  // Imported here, because execa is an ES module, which tsx cannot load by require.
  const { execa } = await import('execa')
  const answer = await execa(command, [...ISOLATED, '-c', PROBE, ...modules], {
    reject: false,
    stdin: 'ignore',
    timeout: ANSWER_TIMEOUT_MS,
    maxBuffer: 100_000,
  })
  if (answer.exitCode === undefined && !answer.timedOut && answer.signal === undefined) {
    return { problem: await whyItDidNotStart(command, answer.code, answer.originalMessage) }
  }
  if (answer.timedOut) return { problem: `did not answer within ${ANSWER_TIMEOUT_MS / 1000} seconds` }

  const info = parseMetadata(answer.stdout)
  if (info === undefined) {
    if (UNKNOWN_OPTION.test(answer.stderr)) {
      return { problem: `is a Python before 3.4, where ${MINIMUM_PYTHON} or newer is needed` }
    }
    const said = firstLine(answer.stderr) ?? firstLine(answer.stdout)
    return { problem: `does not run as Python${said === undefined ? '' : `: it said "${said}"`}` }
  }
  if (!isAtLeast(info.version, MINIMUM_PYTHON)) {
    return { problem: `is Python ${info.version}, where ${MINIMUM_PYTHON} or newer is needed` }
  }
  return info
}

async function whyItDidNotStart(command: string, code: string | undefined, message = ''): Promise<string> {
  if (command === '') return 'is empty'
  if (!isAbsolute(command) && !command.includes(sep)) {
    if (code === 'ENOENT') return 'is not a command on PATH'
  } else {
    const entry = await lstat(command).catch(() => undefined)
    if (entry === undefined) return 'does not exist'
    const target = await stat(command).catch(() => undefined)
    if (target === undefined) return `is a symbolic link to ${await readlink(command)}, which does not exist`
    if (target.isDirectory()) return 'is a folder, not an interpreter'
    if (code === 'ENOENT') return 'is a script whose own interpreter does not exist'
    if (code === 'EACCES') return 'is not an executable file'
  }
  return `could not be started (${message})`
}

function parseMetadata(output: string): PythonInfo | undefined {
  try {
    return JSON.parse(output) as PythonInfo
  } catch {
    return undefined
  }
}

function firstLine(text: string): string | undefined {
  return text
    .split('\n')
    .find(line => line.trim() !== '')
    ?.slice(0, 100)
}

function isAtLeast(version: string, minimum: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [minimumMajor = 0, minimumMinor = 0] = minimum.split('.').map(Number)
  return major > minimumMajor || (major === minimumMajor && minor >= minimumMinor)
}
