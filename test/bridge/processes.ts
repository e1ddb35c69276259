import { readdir, readFile } from 'node:fs/promises'

/** What Linux says of processes; tests that need it are skipped elsewhere. */
export const hasProcessFiles = process.platform === 'linux'

/** Whether a process runs; one that has ended and waits to be collected does not. */
export async function isRunning(pid: number): Promise<boolean> {
  const status = await statusOf(pid)
  return status !== undefined && !status.startsWith('Z')
}

export async function childrenOf(parent: number): Promise<number[]> {
  const pids = (await readdir('/proc')).map(Number).filter(Number.isInteger)
  const parents = await Promise.all(pids.map(async pid => Number((await statusOf(pid))?.split(' ')[1])))
  return pids.filter((_, index) => parents[index] === parent)
}

/** Resolves when none of the processes runs; rejects when the limit is over. */
export async function waitUntilGone(pids: readonly number[], limitMs: number): Promise<void> {
  const begun = performance.now()
  for (;;) {
    const running = (await Promise.all(pids.map(isRunning))).filter(Boolean).length
    const elapsedMs = performance.now() - begun
    if (running === 0) return
    if (elapsedMs > limitMs) throw new Error(`${running} of ${pids.length} processes still run.`)
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}

/** Memory of a process in bytes: what it has now, or the most that it ever had. */
export async function memoryOf(pid: number, which: 'VmRSS' | 'VmHWM'): Promise<number> {
  const text = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(new RegExp(`^${which}:\\s+(\\d+) kB`, 'm').exec(text)?.[1]) * 1024
}

/** The fields of /proc/<pid>/stat after the name, which may hold anything: state, parent, … */
async function statusOf(pid: number): Promise<string | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined)
  return text?.slice(text.lastIndexOf(')') + 2)
}
