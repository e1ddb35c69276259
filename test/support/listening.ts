import { readdir, readFile, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { childrenOf } from '../bridge/processes'

/** The state of a socket that listens, in /proc/net/tcp. */
const LISTENS = '0A'

/** 127.0.0.1 and ::1, also as an IPv4 address in an IPv6 one, as /proc/net writes addresses. */
const LOOPBACK = /^(......7F|0{24}01000000|0{16}FFFF0000......7F)$/

/** A process and all below it. */
export async function processTree(pid: number): Promise<number[]> {
  const below = await Promise.all((await childrenOf(pid)).map(processTree))
  return [pid, ...below.flat()]
}

/** Addresses, as /proc/net writes them, on which these processes listen for TCP connections. */
export async function listeningAddresses(pids: readonly number[]): Promise<string[]> {
  const found = await Promise.all(pids.map(pid => listeningOf(pid).catch(() => []))) // one that has ended
  return [...new Set(found.flat())]
}

export const isLoopback = (address: string) => LOOPBACK.test(address)

async function listeningOf(pid: number): Promise<string[]> {
  const files = join('/proc', String(pid), 'fd')
  const links = await Promise.all(
    (await readdir(files)).map(name => readlink(join(files, name)).catch(() => '')),
  )
  const sockets = new Set(links.map(link => /^socket:\[(\d+)\]$/.exec(link)?.[1]))
  const tables = await Promise.all(
    ['tcp', 'tcp6'].map(name => readFile(join('/proc', String(pid), 'net', name), 'utf8')),
  )
  return tables
    .flatMap(table => table.trim().split('\n').slice(1))
    .map(line => line.trim().split(/\s+/))
    .filter(([, , , state, , , , , , inode]) => state === LISTENS && sockets.has(inode))
    .map(([, local = '']) => local.slice(0, local.indexOf(':')))
}
