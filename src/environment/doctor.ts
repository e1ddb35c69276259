import { availableParallelism } from 'node:os'
import { PythonStartError } from '../errors'
import { type CachedWeights, cachedWeights } from './cached-weights'
import { type EnvironmentInfo, inspectEnvironment } from './inspect-environment'
import { type Interpreter, type InterpreterOptions, ORIGINS, resolveInterpreter } from './interpreter'
import { REQUIREMENTS_FILE } from './paths'
import { isPinnedVersion, pipInstallCommand, type Requirement, readRequirements } from './requirements'

/** One line of the report. */
export interface Finding {
  /** The subject: `Node`, `Python`, a package, `CUDA`, `devices`. */
  readonly name: string
  /** `warning`: seems to work, but differs from the tested versions. `error`: required. */
  readonly status: 'ok' | 'warning' | 'error'
  /** The finding: a version, a list of devices, the reason for a failure. */
  readonly found: string
  /** The command or action that fixes it. */
  readonly repair?: string
}

export interface DoctorReport {
  readonly findings: readonly Finding[]
  /** Whether everything required is present; warnings do not count. */
  readonly isUsable: boolean
}

interface DoctorOptions extends InterpreterOptions {
  /** The pinned versions to compare with. Default: the list of this package. */
  readonly requirementsFile?: string
}

/** The oldest Node that can load the ES modules among the dependencies, as in package.json. */
const MINIMUM_NODE = [20, 19] as const

/**
 * Checks everything that this package needs on this machine. Imports every Python package, which takes seconds. A missing
 * part is a finding with the command that installs it, not an error.
 */
export async function doctor(options: DoctorOptions = {}): Promise<DoctorReport> {
  const findings = [
    inspectNode(process.versions.node),
    ...(await inspectPython(options)),
    ...describeWeights(await cachedWeights()),
  ]
  return { findings, isUsable: findings.every(({ status }) => status !== 'error') }
}

/** Describes the weights that presets use from the cache; missing ones are not an error, because you can give others. */
export function describeWeights({ presets, models }: CachedWeights): Finding[] {
  const state = (isCached: boolean) => (isCached ? 'in the cache' : 'not fetched')
  return [
    ...presets.map(
      ({ name, denoiser, classifier }): Finding => ({
        name: `weights of ${name}`,
        status: 'ok',
        found: `denoiser ${state(denoiser.isCached)}, classifier ${state(classifier.isCached)}`,
      }),
    ),
    { name: "hub's cache", status: 'ok', found: models.join(', ') || 'no models' },
  ]
}

export function inspectNode(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const isRecent = major > MINIMUM_NODE[0] || (major === MINIMUM_NODE[0] && minor >= MINIMUM_NODE[1])
  if (isRecent) return { name: 'Node', status: 'ok', found: version }
  return {
    name: 'Node',
    status: 'error',
    found: `${version}, ${MINIMUM_NODE.join('.')} or newer is needed`,
    repair: 'install a newer Node from https://nodejs.org',
  }
}

async function inspectPython(options: DoctorOptions): Promise<Finding[]> {
  const { requirements } = await readRequirements(options.requirementsFile ?? REQUIREMENTS_FILE)
  let interpreter: Interpreter | undefined
  try {
    interpreter = await resolveInterpreter(options)
    const info = await inspectEnvironment(interpreter.path, requirements, { importPackages: true })
    return describeEnvironment(interpreter, info, requirements)
  } catch (error) {
    if (!(error instanceof PythonStartError)) throw error
    return [
      ...(interpreter === undefined ? [] : [describePython(interpreter)]),
      { name: interpreter === undefined ? 'Python' : 'packages', status: 'error', found: error.message },
    ]
  }
}

/** Returns the findings about an environment, from its own report. */
export function describeEnvironment(
  interpreter: Interpreter,
  info: EnvironmentInfo,
  requirements: readonly Requirement[],
): Finding[] {
  return [
    describePython(interpreter),
    ...requirements.map(requirement => describePackage(interpreter.path, requirement, info)),
    ...describeDevices(info),
  ]
}

function describePython({ version, path, origin }: Interpreter): Finding {
  return { name: 'Python', status: 'ok', found: `${version} ${ORIGINS[origin]} (${path})` }
}

function describePackage(python: string, requirement: Requirement, info: EnvironmentInfo): Finding {
  const { name, version } = requirement
  const installed = info.packages[name]
  const repair = pipInstallCommand(python, [requirement])
  if (installed?.version == null) return { name, status: 'error', found: 'is not installed', repair }
  if (installed.import_error !== null) {
    return {
      name,
      status: 'error',
      found: `${installed.version}, but importing it fails: ${installed.import_error}`,
      repair: repair.replace(' install ', ' install --force-reinstall '),
    }
  }
  const found = installed.version + describeOperators(name, info)
  if (isPinnedVersion(installed.version, version)) return { name, status: 'ok', found }
  return { name, status: 'warning', found: `${found}, tested with ${version}`, repair }
}

function describeOperators(name: string, { torchvision_operators }: EnvironmentInfo): string {
  if (name !== 'torchvision' || torchvision_operators !== 'schemas defined') return ''
  return ' (its C++ operators were built for another torch; they are declared empty so that it imports, which is enough here)'
}

const GIBIBYTE = 2 ** 30

function describeDevices({ cuda }: EnvironmentInfo): Finding[] {
  const cpus: Finding = { name: 'CPU', status: 'ok', found: `${availableParallelism()} threads` }
  if (cuda === null) return [cpus]
  if (cuda.built_for === null)
    return [{ name: 'CUDA', status: 'ok', found: 'none, torch is built for the CPU' }, cpus]

  const devices = cuda.devices.map(
    ({ name, memory_bytes }, index): Finding => ({
      name: `cuda:${index}`,
      status: 'ok',
      found: `${name}, ${(memory_bytes / GIBIBYTE).toFixed(1)} GiB`,
    }),
  )
  if (devices.length > 0) return [{ name: 'CUDA', status: 'ok', found: cuda.built_for }, ...devices, cpus]
  const why = cuda.problem === null ? 'no device is visible' : `no usable device: ${cuda.problem}`
  return [{ name: 'CUDA', status: 'ok', found: `${cuda.built_for}, ${why}` }, cpus]
}
