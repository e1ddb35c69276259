import { execa } from 'execa'

/** How often the driver is asked. */
const INTERVAL_MS = 200

/** Samples below this share are taken as loading and compiling. */
const IDLE = 0.05

/**
 * The share of time in which the GPU ran a kernel, by the driver's own count, while something was done; null where there is
 * no NVIDIA driver to ask. Of the time only that after the first half of the busy samples is looked at: before it networks
 * are loaded and compiled.
 */
export async function gpuBusyShare<T>(body: () => Promise<T>): Promise<{ result: T; busy: number | null }> {
  const words = ['--query-gpu=utilization.gpu', '--format=csv,noheader,nounits', `-lms`, `${INTERVAL_MS}`]
  const watcher = execa('nvidia-smi', words, { reject: false })
  try {
    const result = await body()
    watcher.kill()
    const { stdout, failed } = await watcher
    const shares = (stdout ?? '')
      .split('\n')
      .map(line => Number(line) / 100)
      .filter(Number.isFinite)
    if (failed && shares.length === 0) return { result, busy: null }
    const busy = shares.filter(share => share > IDLE)
    const late = busy.slice(Math.floor(busy.length / 2))
    return {
      result,
      busy: late.length === 0 ? null : late.reduce((sum, share) => sum + share, 0) / late.length,
    }
  } finally {
    watcher.kill()
  }
}
