import { join } from 'node:path'
import ts from 'typescript'
import { PACKAGE_FOLDER } from '../../src/files/package-folder'

/** What the compiler finds wrong in TypeScript files that do not lie on the disk, each with its file's name. */
export function typeErrors(files: ReadonlyMap<string, string>): string[] {
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    types: ['node'],
    strict: true,
    skipLibCheck: true,
    noEmit: true,
    paths: {
      'ft-cadis': [join(PACKAGE_FOLDER, 'src', 'index.ts')],
      'ft-cadis/internal': [join(PACKAGE_FOLDER, 'src', 'internal.ts')],
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
