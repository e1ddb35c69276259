import { PythonStartError } from '../errors'
import { ISOLATED } from './python-path'
import { type OnLine, runLines } from './run-lines'

interface PipInstallOptions {
  readonly python: string
  /** The arguments of `pip install`. */
  readonly what: readonly string[]
  readonly onLine: OnLine
  /** See `runLines`. */
  readonly inherited?: number | undefined
}

/**
 * Installs packages with pip.
 *
 * @throws PythonStartError with the package that failed, the reason and a remedy
 */
export async function pipInstall({ python, what, onLine, inherited }: PipInstallOptions): Promise<void> {
  const { succeeded, lines } = await runLines(
    [python, ...ISOLATED, '-m', 'pip', 'install', '--disable-pip-version-check', '--no-input', ...what],
    { onLine, inherited },
  )
  if (succeeded) return
  const { reason, remedy } = explainPipFailure(lines)
  throw new PythonStartError(`pip could not install ${findPackage(lines)}: ${reason}.`, { remedy })
}

const AGAIN = 'then run `npx ft-cadis setup` again; it keeps what it has downloaded.'

/** Patterns in pip's output, with reason and remedy; the first match is the cause of later ones. */
const KNOWN_FAILURES: readonly { pattern: RegExp; reason: string; remedy: string }[] = [
  {
    pattern: /No space left on device|Errno 28|Disk quota exceeded/,
    reason: 'the disk is full',
    remedy: `Free space for the environment and in the temporary folder (TMPDIR), ${AGAIN}`,
  },
  {
    pattern: /externally-managed-environment/,
    reason: 'this Python belongs to the operating system, which does not let pip change it',
    remedy: 'Run `npx ft-cadis setup` without naming it: that makes its own .venv.',
  },
  {
    pattern: /No module named pip\b/,
    reason: 'this Python has no pip',
    remedy: 'Run `python -m ensurepip` with it, or name another Python.',
  },
  {
    pattern:
      /NewConnectionError|Failed to establish a new connection|NameResolutionError|Temporary failure in name resolution|Connection refused|Connection broken|Network is unreachable|ConnectTimeout|Read timed out|ReadTimeout|ProxyError|SSLError|Max retries exceeded/,
    reason: 'the package index could not be reached',
    remedy: `Check the network, the proxy and pip's settings (\`pip config list\`), ${AGAIN}`,
  },
  {
    pattern: /Permission denied|Errno 13/,
    reason: 'a folder may not be written to',
    remedy: 'Make the environment where you may write, or correct the permissions.',
  },
  {
    pattern: /No matching distribution found/,
    reason: 'the package index has no such version for this Python and this platform',
    remedy: 'Name another Python with --python or PYTHON_BIN; environment.yml says which version is tested.',
  },
  {
    pattern: /Failed (to build|building)|Could not build wheels|subprocess-exited-with-error/,
    reason: 'it had to be built from source, and the build failed',
    remedy: 'Use a Python for which ready-made wheels exist; environment.yml says which version is tested.',
  },
]

/** Returns the cause of a failure from pip's last lines. */
function explainPipFailure(lines: readonly string[]): { reason: string; remedy: string } {
  const text = lines.join('\n')
  const known = KNOWN_FAILURES.find(({ pattern }) => pattern.test(text))
  if (known !== undefined) return known
  const said = lines.findLast(line => line.startsWith('ERROR:')) ?? lines.at(-1) ?? 'it printed nothing'
  return {
    reason: said.replace(/^ERROR: /, '').replace(/\.$/, ''),
    remedy: `Correct the cause, ${AGAIN}`,
  }
}

/** Patterns of package names in pip's output, the most specific first. */
const PACKAGE_PATTERNS = [
  /No matching distribution found for (\S+)/,
  /satisfies the requirement (\S+)/,
  /Failed building wheel for (\S+)/,
  /Failed to build (\S+)/,
  /^Collecting (\S+)/,
]

/** Returns the package that pip was handling when it failed. */
function findPackage(lines: readonly string[]): string {
  for (const pattern of PACKAGE_PATTERNS) {
    const found = lines.findLast(line => pattern.test(line))
    const name = found === undefined ? undefined : pattern.exec(found)?.[1]
    if (name !== undefined) return name
  }
  return 'the required packages'
}
