import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { PACKAGE_FOLDER } from '../../src/files/package-folder'

test('every error code has a section in docs/troubleshooting.md, and no other has', () => {
  const read = (path: string) => readFileSync(join(PACKAGE_FOLDER, path), 'utf8')
  const codes = [...read('src/errors.ts').matchAll(/readonly code = '(\w+)'/g)].map(([, code]) => code)
  const sections = [...read('docs/troubleshooting.md').matchAll(/^## `(\w+)`: /gm)].map(([, code]) => code)
  expect(codes).toContain('PYTHON_EXIT')
  expect(sections.sort()).toEqual(codes.sort())
})
