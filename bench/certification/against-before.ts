import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { readCertificationLog } from '../../src/analysis'

/** The same certification by this checkout and by an earlier one, in turn. */

const TS_NODE = require.resolve('ts-node/dist/bin')
const HERE = join(__dirname, '..', '..')

/** Images in front of those that are timed. */
const WARM_UP = 2

export interface BeforeAndAfter {
  /** Milliseconds an image. */
  readonly beforeMs: number
  readonly afterMs: number
}

/**
 * Pairs of a certification of the digits by both checkouts, each in its own process; which is first changes from pair to pair.
 *
 * @param options - `before`: folder of the earlier checkout, with its packages
 */
export async function againstBefore({
  before,
  pairs,
  images,
  threads,
  python,
  onPair,
}: {
  readonly before: string
  readonly pairs: number
  readonly images: number
  readonly threads: number
  readonly python: string
  readonly onPair?: (done: number) => void
}): Promise<BeforeAndAfter[]> {
  const folder = await mkdtemp(join(tmpdir(), 'ft-cadis-bench-'))
  let logs = 0
  const imageMs = async (checkout: string) => {
    logs += 1
    const log = join(folder, `${logs}.tsv`)
    const words = ['certify', '--preset', 'digits', '--n', '1000', '--batch', '512', '--python', python]
    const chosen = ['--images', `first:${images + WARM_UP}`, '--threads', `${threads}`, '--output', log]
    await execa(
      process.execPath,
      [TS_NODE, '-T', join(checkout, 'src', 'cli', 'main.ts'), ...words, ...chosen],
      {
        cwd: checkout,
      },
    )
    const timed = (await readCertificationLog(log)).rows.slice(WARM_UP)
    return timed.reduce((total, { durationMs }) => total + durationMs, 0) / timed.length
  }
  try {
    const measured: BeforeAndAfter[] = []
    for (let pair = 0; pair < pairs; pair += 1) {
      const first = pair % 2 === 0 ? await imageMs(before) : undefined
      const afterMs = await imageMs(HERE)
      measured.push({ beforeMs: first ?? (await imageMs(before)), afterMs })
      onPair?.(pair + 1)
    }
    return measured
  } finally {
    await rm(folder, { recursive: true })
  }
}
