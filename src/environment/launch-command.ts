import { existsSync } from 'node:fs'
import type { networkInterfaces } from 'node:os'
import { extname, resolve } from 'node:path'
import { ConfigError } from '../errors'
import { didYouMean } from '../files/nearest-name'
import { typeScriptOptions } from './typescript-runner'

/** What a launch is asked for. */
export interface LaunchOptions {
  /** Processes on this machine. */
  readonly nprocPerNode: number
  /** Machines. */
  readonly nnodes: number
  /** Which of the machines this is; number 0 keeps the address where they meet. Default: torchrun finds out by address. */
  readonly nodeRank?: number | undefined
  /** `host:port` where the machines meet. */
  readonly rdzvEndpoint?: string | undefined
  /** A name of this launch that no other at the same endpoint has. */
  readonly rdzvId?: string | undefined
  /** The address by which the other machines reach this one. Default: that of its host name. */
  readonly localAddr?: string | undefined
  /** How often all processes are started again after one has failed. */
  readonly maxRestarts: number
}

/** How launchers meet, by the names that `ftcadis_host.ranks.rendezvous` gives it. */
const ONE_MACHINE = 'ftcadis-loopback'
const SEVERAL_MACHINES = 'ftcadis-json'

/**
 * The arguments of torchrun that start `command` on every rank. One machine meets nobody: its ranks find each other over
 * loopback, and a place to meet that is given is not used.
 *
 * @param launchId - A name that no other launch has.
 * @throws ConfigError if several machines have no place to meet, or the options contradict each other
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
          // Not looked at, but torchrun warns where there is none.
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
    // Or torchrun takes options of the program that begin like its own for these.
    '--',
    // torchrun fills in `$local_rank` and the like.
    ...command.map(word => word.replaceAll('$', '$$$$')),
  ]
}

/** How long ranks have for finishing an update and saving it, after a signal. torchrun's own 30 s would cut it short. */
const STOP_SECONDS = 600

/**
 * The environment variables that ranks need beside those of this process. What is set already stays, but for the network of
 * one machine: that is loopback, on which nobody else can listen in or connect.
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
  // NCCL takes a plain name for the beginning of one.
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
 * The command that a rank runs: a TypeScript file under ts-node or tsx, a JavaScript file, or a command of this package.
 *
 * @throws ConfigError if the file or command does not exist, or nothing that runs a TypeScript file
 */
export async function rankCommand(
  program: string,
  words: readonly string[],
  own: {
    /** The file of this package's command line. */
    readonly main: string
    readonly commands: readonly string[]
  },
): Promise<string[]> {
  if (own.commands.includes(program)) return [...(await nodeWith(own.main)), program, ...words]
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

async function nodeWith(file: string): Promise<string[]> {
  if (!extname(file).endsWith('ts')) return [process.execPath, file]
  return [process.execPath, ...(await typeScriptOptions(file)), file]
}
