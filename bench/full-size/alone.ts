import { once } from 'node:events'
import { execa } from 'execa'

/** Does something while no other process holds the lock of a file; without a file at once. */
export async function alone<T>(file: string | undefined, body: () => Promise<T>): Promise<T> {
  if (file === undefined) return body()
  // Holds the lock until its input ends.
  const holder = execa('flock', [file, 'sh', '-c', 'echo locked; cat'], { buffer: false, stdin: 'pipe' })
  try {
    await once(holder.stdout, 'data')
    return await body()
  } finally {
    holder.stdin.end()
    await holder
  }
}
