import { ConfigError } from '../errors'

/** The position of this process in its launch. */
export interface LaunchRank {
  /** Rank among all processes, counted from 0. */
  readonly rank: number
  /** Rank on its machine: the number of its GPU. */
  readonly localRank: number
  /** Number of processes on all machines. */
  readonly worldSize: number
  /** Number of restarts by the launcher. */
  readonly restartCount: number
  /** The unique name that `ft-cadis launch` gave this launch on this machine; null without one. */
  readonly launchId: string | null
}

/** The variable in which `ft-cadis launch` passes its ranks the unique name of the launch, which restarts keep. */
export const LAUNCH_ID = 'FT_CADIS_LAUNCH_ID'

/**
 * Reads the rank that `ft-cadis launch` or torchrun sets in `RANK`, `LOCAL_RANK`, `WORLD_SIZE` and
 * `TORCHELASTIC_RESTART_COUNT`. Outside a launch the first three are unset; the process is rank 0 of 1.
 *
 * @throws ConfigError if only some of them are set, or they contradict each other
 */
export function launchRank(env: Readonly<Record<string, string | undefined>> = process.env): LaunchRank {
  const { RANK, LOCAL_RANK, WORLD_SIZE, TORCHELASTIC_RESTART_COUNT } = env
  const place = { RANK, LOCAL_RANK, WORLD_SIZE }
  const missing = Object.entries(place).flatMap(([name, text]) => (text ? [] : [name]))
  const launchId = env[LAUNCH_ID] || null
  if (missing.length === 3) return { rank: 0, localRank: 0, worldSize: 1, restartCount: 0, launchId }
  if (missing.length > 0) {
    throw new ConfigError(
      `RANK, LOCAL_RANK and WORLD_SIZE must be set together; missing: ${missing.join(', ')}.`,
      {
        remedy: 'Start the program by `ft-cadis launch`, or unset all three.',
      },
    )
  }
  const worldSize = wholeNumber('WORLD_SIZE', WORLD_SIZE, { least: 1 })
  return {
    rank: wholeNumber('RANK', RANK, { most: worldSize - 1 }),
    localRank: wholeNumber('LOCAL_RANK', LOCAL_RANK, { most: worldSize - 1 }),
    worldSize,
    restartCount: wholeNumber('TORCHELASTIC_RESTART_COUNT', TORCHELASTIC_RESTART_COUNT || '0'),
    launchId,
  }
}

function wholeNumber(
  name: string,
  text = '',
  { least = 0, most = Number.MAX_SAFE_INTEGER }: { least?: number; most?: number } = {},
): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= least && value <= most) return value
  const range = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`
  throw new ConfigError(`${name} must be a whole number ${range}, got '${text}'.`, {
    remedy: 'Start the process by `ft-cadis launch`, which sets it, or unset it.',
  })
}
