import { existsSync, readFileSync } from 'node:fs'
import type { Session } from '../../src'

/** Clock ticks of Linux. */
const TICKS_A_SECOND = 100

/** User and system time of Node and Python until now; elapsed time where the system does not tell. Other work disturbs it little. */
export function processorSeconds(session: Session): number {
  const stat = `/proc/${session.pid}/stat`
  if (!existsSync(stat)) return performance.now() / 1000
  const fields = readFileSync(stat, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ')
  const { user, system } = process.cpuUsage()
  return (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND + (user + system) / 1e6
}
