import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'

/**
 * Returns the folder for files that can be fetched or created again: `ft-cadis` in XDG_CACHE_HOME or `~/.cache`. It may
 * not exist yet.
 *
 * @param environment - Default: that of this process.
 */
export function cacheFolder(
  { XDG_CACHE_HOME = '' }: Readonly<Record<string, string | undefined>> = process.env,
): string {
  // The XDG specification requires ignoring relative paths.
  return join(isAbsolute(XDG_CACHE_HOME) ? XDG_CACHE_HOME : join(homedir(), '.cache'), 'ft-cadis')
}
