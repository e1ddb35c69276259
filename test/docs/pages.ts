import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { PACKAGE_FOLDER } from '../../src/files/package-folder'

export interface Page {
  /** Path in this package. */
  readonly path: string
  readonly text: string
}

/** README, CONTRIBUTING and all pages of docs/. */
export function pages(): Page[] {
  const inDocs = readdirSync(join(PACKAGE_FOLDER, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.md'))
    .map(name => join('docs', name))
  return ['README.md', 'CONTRIBUTING.md', ...inDocs.sort()].map(path => ({
    path,
    text: readFileSync(join(PACKAGE_FOLDER, path), 'utf8'),
  }))
}
