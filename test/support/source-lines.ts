import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { PACKAGE_FOLDER } from '../../src/files/package-folder'

/** Lines of sources that match, as `file: line`. */
export function linesThat(match: RegExp, folder: string, extension: string): string[] {
  const root = join(PACKAGE_FOLDER, folder)
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith(extension))
    .flatMap(name =>
      readFileSync(join(root, name), 'utf8')
        .split('\n')
        .filter(line => match.test(line))
        .map(line => `${join(folder, name)}: ${line.trim()}`),
    )
}
