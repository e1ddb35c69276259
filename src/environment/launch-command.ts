import { existsSync } from 'node:fs'
import type { networkInterfaces } from 'node:os'
import { extname, resolve } from 'node:path'
import { ConfigError } from '../errors'
import { didYouMean } from '../files/nearest-name'
import { typeScriptOptions } from './typescript-runner'

/** The options of a launch. */
export interface LaunchOptions {
  /** Processes on this machine. */
  readonly nprocPerNode: number
  /** Number of machines. */
  readonly nnodes: number
  /** Number of this machine; number 0 hosts the endpoint. Default: torchrun determines it by address. */
  readonly nodeRank?: number | undefined
  /** `host:port` of the endpoint. */
  readonly rdzvEndpoint?: string | undefined
  /** Name of this launch, unique at the endpoint. */
  readonly rdzvId?: string | undefined
  /** The address at which the other machines reach this one. Default: that of its host name. */
  readonly localAddr?: string | undefined
  /** Number of times to restart all processes after one fails. */
  readonly maxRestarts: number
}

/** Rendezvous backends, by their names in `ftcadis_host.ranks.rendezvous`. */
const ONE_MACHINE = 'ftcadis-loopback'
const SEVERAL_MACHINES = 'ftcadis-json'

/**
 * Returns the arguments of torchrun that start `command` on every rank. The ranks of one machine find each other over
 * loopback, without an endpoint.
 *
 * @param launchId - A unique name of this launch.
 * @throws ConfigError if several machines have no endpoint, or the options contradict each other
 */
export function torchrunArguments(
  options: LaunchOptions,
  command: readonly string[],
  launchId: string,
): string[] {
  const { nprocPerNode, nnodes, nodeRank, rdzvEndpoint, rdzvId, localAddr, maxRestarts } = options
  if (rdzvEndpoint === undefined) {
    const alone = { '--nnodes': nnodes === 1, '--node-rank': !nodeRank, '--rdzv-id': rdzvId === undefined }
    const contradiction = Object.entries(alone).find(([, holds]) => !holds)
    if (contradiction !== undefined) {
      throw new ConfigError(`${contradiction[0]} is for several machines, which meet at --rdzv-endpoint.`, {
        remedy: 'Give the host and port of one of them, the same on all.',
      })
    }
  }
  if (nodeRank !== undefined && nodeRank >= nnodes) {
    throw new ConfigError(
      `--node-rank must be smaller than the number of machines, ${nnodes}, got ${nodeRank}.`,
      { remedy: 'Count them from 0, and give --nnodes on all of them.' },
    )
  }
  return [
    `--nnodes=${nnodes}`,
    ...(nnodes === 1
      ? [
          `--rdzv-backend=${ONE_MACHINE}`,
          // Unused, but without it torchrun warns.
          '--rdzv-endpoint=localhost:0',
          `--rdzv-id=${rdzvId ?? launchId}`,
        ]
      : [
          `--rdzv-backend=${SEVERAL_MACHINES}`,
          `--rdzv-endpoint=${rdzvEndpoint}`,
          `--rdzv-id=${rdzvId ?? 'ft-cadis'}`,
          ...(nodeRank === undefined ? [] : [`--rdzv-conf=is_host=${nodeRank === 0 ? 1 : 0}`]),
          ...(localAddr === undefined ? [] : [`--local-addr=${localAddr}`]),
        ]),
    `--nproc-per-node=${nprocPerNode}`,
    `--max-restarts=${maxRestarts}`,
    '--no-python',
    // Otherwise torchrun treats options of the program as its own abbreviations.
    '--',
    // torchrun substitutes `$local_rank` and similar.
    ...command.map(word => word.replaceAll('$', '$$$$')),
  ]
}

/** Seconds that ranks have to finish and save an update after a signal; torchrun's default of 30 s is too short. */
const STOP_SECONDS = 600

/**
 * Returns the additional environment variables of ranks. Existing values are kept, except the network of one machine:
 * loopback, on which nobody else can listen or connect.
 *
 * @throws ConfigError if this machine does not have the address `localAddr`
 */
export function launchEnvironment(
  { nprocPerNode, nnodes, localAddr }: Pick<LaunchOptions, 'nprocPerNode' | 'nnodes' | 'localAddr'>,
  machine: {
    readonly env: Readonly<Record<string, string | undefined>>
    readonly cpus: number
    readonly interfaces: ReturnType<typeof networkInterfaces>
  },
): Record<string, string> {
  const { env, cpus, interfaces } = machine
  const wanted: Record<string, string> = { TORCH_ELASTIC_SHUTDOWN_TIMEOUT: String(STOP_SECONDS) }
  if (nprocPerNode > 1) wanted.OMP_NUM_THREADS = String(Math.max(1, Math.floor(cpus / nprocPerNode)))
  if (localAddr !== undefined && nnodes > 1) {
    const network = interfaceOf(localAddr, interfaces)
    wanted.GLOO_SOCKET_IFNAME = network
    wanted.NCCL_SOCKET_IFNAME = network
  }
  return {
    ...Object.fromEntries(Object.entries(wanted).filter(([name]) => !env[name])),
    ...(nnodes === 1 ? loopbackOf(interfaces) : {}),
  }
}

function loopbackOf(interfaces: ReturnType<typeof networkInterfaces>): Record<string, string> {
  const [loopback] = Object.entries(interfaces).find(([, entries = []]) => entries[0]?.internal) ?? []
  if (loopback === undefined) return {}
  // NCCL treats a plain name as a prefix.
  return { GLOO_SOCKET_IFNAME: loopback, NCCL_SOCKET_IFNAME: `=${loopback}` }
}

function interfaceOf(address: string, interfaces: ReturnType<typeof networkInterfaces>): string {
  const addresses = Object.entries(interfaces).flatMap(([name, entries = []]) =>
    entries.map(entry => ({ name, address: entry.address })),
  )
  const found = addresses.find(entry => entry.address === address)
  if (found !== undefined) return found.name
  throw new ConfigError(`--local-addr must be an address of this machine, got '${address}'.`, {
    remedy: `Give one of ${addresses.map(entry => entry.address).join(', ')}.`,
  })
}

/**
 * Returns the command that a rank runs: a TypeScript file under ts-node or tsx, a JavaScript file, or a command of this
 * package, whose sources run under tsx. ts-node would check all of its types in every rank, for 14 s.
 *
 * @throws ConfigError if the file or command does not exist, or no runner for TypeScript is found
 */
export async function rankCommand(
  program: string,
  words: readonly string[],
  own: {
    /** The main file of the command line. */
    readonly main: string
    readonly commands: readonly string[]
  },
): Promise<string[]> {
  if (own.commands.includes(program)) return [...(await nodeWith(own.main, 'tsx')), program, ...words]
  if (!/\.[cm]?[jt]s$/.test(program)) {
    throw new ConfigError(
      `'${program}' is neither a .ts or .js file nor a command that can be launched (${own.commands.join(', ')}).${didYouMean(program, own.commands)}`,
      { remedy: 'Name the program after the options of launch and --.' },
    )
  }
  const file = resolve(program)
  if (!existsSync(file)) {
    throw new ConfigError(`The program ${file} does not exist.`, {
      remedy: 'Give the path of an existing one.',
    })
  }
  return [...(await nodeWith(file)), ...words]
}

async function nodeWith(file: string, runner?: 'tsx'): Promise<string[]> {
  if (!extname(file).endsWith('ts')) return [process.execPath, file]
  return [process.execPath, ...(await typeScriptOptions(file, runner)), file]
}
