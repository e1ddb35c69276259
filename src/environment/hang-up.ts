import { readFileSync, readlinkSync } from 'node:fs'

/**
 * Returns whether SIGHUP was ignored when this process started, as under `nohup`. Node treats every signal as not
 * ignored, so only traces are left: a parent shell that ignores it, or, for `nohup` on a terminal, an unreadable standard
 * input. Without /proc the result is false.
 */
export function isHangUpIgnored(proc = '/proc'): boolean {
  return ignoresHangUp(proc, 'self') || ignoresHangUp(proc, String(process.ppid)) || hasInputOfNohup(proc)
}

function ignoresHangUp(proc: string, pid: string): boolean {
  const [, mask = '0'] = /^SigIgn:\s*([0-9a-f]+)$/m.exec(textOf(`${proc}/${pid}/status`)) ?? []
  return (BigInt(`0x${mask}`) & 1n) === 1n
}

/** Returns whether standard input is write-only /dev/null, as `nohup` opens it on a terminal. */
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
