/** Writes the pages of docs/reference/ again: `npm run docs`. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { referencePages } from './reference-pages'

for (const [path, text] of Object.entries(referencePages())) {
  const file = join(__dirname, '..', path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
}
