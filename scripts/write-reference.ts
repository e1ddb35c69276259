/** Writes the pages of docs/reference/ again: `npm run docs`. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { referencePages } from './reference-pages'
import { serviceApi } from './service-api'

void (async () => {
  for (const [path, text] of Object.entries({ ...referencePages(), ...(await serviceApi()) })) {
    const file = join(__dirname, '..', path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
  }
})()
