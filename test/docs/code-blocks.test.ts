import { join } from 'node:path'
import ts from 'typescript'
import { expect, test } from 'vitest'
import { experimentFiles } from '../../src/cli/init-templates'
import { PACKAGE_FOLDER } from '../../src/files/package-folder'
import { pages } from './pages'

/** What the compiler finds wrong in TypeScript files that do not lie on the disk, each with its file's name. */
function typeErrors(files: ReadonlyMap<string, string>): string[] {
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    types: ['node'],
    strict: true,
    skipLibCheck: true,
    noEmit: true,
    paths: {
      'ft-cadis': [join(PACKAGE_FOLDER, 'src', 'index.ts')],
      'ft-cadis/*': [join(PACKAGE_FOLDER, 'src', '*', 'index.ts')],
    },
  }
  const host = ts.createCompilerHost(options)
  const { fileExists, getSourceFile } = host
  host.fileExists = name => files.has(name) || fileExists(name)
  host.getSourceFile = (name, version, ...others) => {
    const text = files.get(name)
    return text === undefined
      ? getSourceFile(name, version, ...others)
      : ts.createSourceFile(name, text, version)
  }
  const program = ts.createProgram([...files.keys()], options, host)
  return [...files.keys()].flatMap(name => {
    const source = program.getSourceFile(name)
    return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map(
      ({ messageText }) => `${name}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`,
    )
  })
}

test('the TypeScript of README and docs, and what `init` writes, has the types of the package', () => {
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
  // What shows that the compiler looks at it.
  const wrong = join(PACKAGE_FOLDER, 'wrong.ts')
  files.set(wrong, "import { presets } from 'ft-cadis'\npresets.digits({ output: 1 })")
  expect(typeErrors(files)).toEqual([`${wrong}: Type 'number' is not assignable to type 'string'.`])
})
