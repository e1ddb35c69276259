import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { PACKAGE_FOLDER } from '../../src/files/package-folder'

const read = (name: string) => readFileSync(join(PACKAGE_FOLDER, name), 'utf8')

test('CITATION.cff and the BibTeX name the version of the package, and one paper', () => {
  const { version, license } = JSON.parse(read('package.json')) as { version: string; license: string }
  const [citation, page] = [read('CITATION.cff'), read('docs/cite.md')]
  expect(citation).toContain(`\nversion: ${version}\nlicense: ${license}\n`)
  expect(page).toContain(`version = {${version}},\n  license = {${license}}`)
  const [, title = '-'] = /preferred-citation:[\s\S]*?\n {2}title: (.+)/.exec(citation) ?? []
  const names = [...citation.matchAll(/family-names: (\w+)\n +given-names: (\w+)/g)]
  expect(page).toContain(`title   = {${title}}`)
  expect(page).toContain(
    `author  = {${names.map(([, family, given]) => `${family}, ${given}`).join(' and ')}}`,
  )
  const [, url = '-'] = /\n {2}url: (.+)/.exec(citation) ?? []
  expect(page).toContain(`url     = {${url}}`)
})
