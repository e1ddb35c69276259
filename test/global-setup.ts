import { setup as setUpPython } from '../src/environment/setup'
import { startForking } from './support/forked-python'

/**
 * Runs once, before the first test: provides the Python environment, so that a fresh clone needs `npm test` alone.
 * Named `setup` because vitest looks for that name.
 */
export async function setup(): Promise<(() => Promise<void>) | undefined> {
  // Small tensors on many threads are slower than on one, and results shall not depend on the number of cores.
  process.env.OMP_NUM_THREADS = '1'
  await setUpPython({ onLine: line => process.stdout.write(`${line}\n`) })
  return process.platform === 'linux' ? startForking() : undefined
}
