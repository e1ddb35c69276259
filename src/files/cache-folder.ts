import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'

/**
 * The folder of what can be fetched or made again: `ft-cadis` in XDG_CACHE_HOME or `~/.cache`. It may not be there yet.
 *
 * @param environment - Default: that of this process.
 */
export function cacheFolder(
  { XDG_CACHE_HOME = '' }: Readonly<Record<string, string | undefined>> = process.env,
): string {
  // The specification of XDG: what is not an absolute path is to be ignored.
  return join(isAbsolute(XDG_CACHE_HOME) ? XDG_CACHE_HOME : join(homedir(), '.cache'), 'ft-cadis')
}
