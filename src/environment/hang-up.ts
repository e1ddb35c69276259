import { readFileSync, readlinkSync } from 'node:fs'

/**
 * Whether SIGHUP was ignored when this process started, as `nohup` has it. Node itself takes every signal as if it was not
 * ignored, so that only traces are left: of a shell that ignores it, in the parent; of `nohup` on a terminal, a standard
 * input that cannot be read. Without /proc nothing is known, and the answer is false.
 */
export function isHangUpIgnored(proc = '/proc'): boolean {
  return ignoresHangUp(proc, 'self') || ignoresHangUp(proc, String(process.ppid)) || hasInputOfNohup(proc)
}

function ignoresHangUp(proc: string, pid: string): boolean {
  const [, mask = '0'] = /^SigIgn:\s*([0-9a-f]+)$/m.exec(textOf(`${proc}/${pid}/status`)) ?? []
  return (BigInt(`0x${mask}`) & 1n) === 1n
}

/** `nohup` opens /dev/null for writing alone as the standard input of a program that has a terminal there. */
function hasInputOfNohup(proc: string): boolean {
  const [, flags = '0'] = /^flags:\s*([0-7]+)$/m.exec(textOf(`${proc}/self/fdinfo/0`)) ?? []
  if ((Number.parseInt(flags, 8) & 3) !== 1) return false
  try {
    return readlinkSync(`${proc}/self/fd/0`) === '/dev/null'
  } catch {
    return false // closed
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return '' // another system, or a process of another user
  }
}
