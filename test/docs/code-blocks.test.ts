import { join } from 'node:path'
import { expect, test } from 'vitest'
import { experimentFiles } from '../../src/cli/init/templates'
import { PACKAGE_FOLDER } from '../../src/files/package-folder'
import { programOfExamples } from '../support/examples-of-comments'
import { typeErrors } from '../support/type-errors'
import { pages } from './pages'

test('the TypeScript of README, docs, comments, and what `init` writes, has the types of the package', () => {
  const files = new Map<string, string>()
  for (const { path, text } of pages()) {
    for (const [index, [, block = '']] of [...text.matchAll(/^```ts\n(.*?)^```/gms)].entries()) {
      files.set(join(PACKAGE_FOLDER, `${path}.${index + 1}.ts`), block)
    }
  }
  expect(files.size).toBeGreaterThan(3)
  for (const [name, text] of Object.entries(experimentFiles({ isModule: false, schema: '' }))) {
    if (name.endsWith('.ts')) files.set(join(PACKAGE_FOLDER, name), text)
  }
  files.set(join(PACKAGE_FOLDER, 'examples-of-comments.ts'), programOfExamples().text)
  // What shows that the compiler looks at it.
  const wrong = join(PACKAGE_FOLDER, 'wrong.ts')
  files.set(wrong, "import { presets } from 'ft-cadis'\npresets.digits({ output: 1 })")
  expect(typeErrors(files)).toEqual([`${wrong}: Type 'number' is not assignable to type 'string'.`])
})
