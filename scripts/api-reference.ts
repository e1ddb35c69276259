import { join, relative } from 'node:path'
import ts from 'typescript'
import { PACKAGE_FOLDER } from '../src/files/package-folder'

/** Entry points of the package, by what a program imports, and where their names are listed. */
export const ENTRY_POINTS: Readonly<Record<string, string>> = {
  'ft-cadis': 'index.ts',
  'ft-cadis/torch': 'torch/index.ts',
  'ft-cadis/analysis': 'analysis/index.ts',
  'ft-cadis/experiments': 'experiments/index.ts',
  'ft-cadis/internal': 'internal.ts',
}

/** A name that a program can import. */
export interface PublicName {
  readonly name: string
  readonly isValue: boolean
  /** On one line; of a type its kind and name. */
  readonly signature: string
  /** The first sentence of its comment, '' where it has none. */
  readonly summary: string
  readonly symbol: ts.Symbol
  /** What its type names, with the file that declares each; of a value alone. */
  readonly named: readonly { readonly symbol: ts.Symbol; readonly file: string }[]
}

/** The names of each entry point, in alphabetical order. */
export type PublicApi = ReadonlyMap<string, readonly PublicName[]>

/** What the entry points export, as the compiler sees it. */
export function publicApi(): PublicApi {
  const { options } = ts.parseJsonConfigFileContent(
    ts.readConfigFile(join(PACKAGE_FOLDER, 'tsconfig.build.json'), ts.sys.readFile).config,
    ts.sys,
    PACKAGE_FOLDER,
  )
  const files = Object.entries(ENTRY_POINTS).map(
    ([point, file]) => [point, join(PACKAGE_FOLDER, 'src', file)] as const,
  )
  const program = ts.createProgram(
    files.map(([, file]) => file),
    options,
  )
  const checker = program.getTypeChecker()
  const points = files.map(([point, file]) => {
    const source = program.getSourceFile(file)
    const module = source && checker.getSymbolAtLocation(source)
    if (module === undefined) throw new Error(`${file} exports nothing.`)
    const names = checker.getExportsOfModule(module).map(symbol => publicName(symbol, checker))
    return [point, names.sort((a, b) => (a.name < b.name ? -1 : 1))] as const
  })
  return new Map(points)
}

function publicName(exported: ts.Symbol, checker: ts.TypeChecker): PublicName {
  const isAlias = (exported.flags & ts.SymbolFlags.Alias) !== 0
  const symbol = isAlias ? checker.getAliasedSymbol(exported) : exported
  // A class that is exported as a type cannot be called.
  const isTypeOnly = exported.declarations?.some(ts.isTypeOnlyExportDeclaration) ?? false
  const isValue = (symbol.flags & ts.SymbolFlags.Value) !== 0 && !isTypeOnly
  const comment = ts
    .displayPartsToString(symbol.getDocumentationComment(checker))
    .replace(/\{@link ([^}]*)\}/g, '`$1`')
    .replace(/\s+/g, ' ')
  return {
    name: exported.name,
    isValue,
    signature: signatureOf(exported.name, symbol, { checker, isValue }),
    summary: /^.*?[.:](?=\s|$)/.exec(comment)?.[0].replace(/:$/, '.') ?? comment,
    symbol,
    named: isValue ? namedBy(symbol, checker) : [],
  }
}

function namedBy(symbol: ts.Symbol, checker: ts.TypeChecker): PublicName['named'] {
  const format = ts.NodeBuilderFlags.NoTruncation | ts.NodeBuilderFlags.UseAliasDefinedOutsideCurrentScope
  const found = new Map<ts.Symbol, string>()
  const visit = (node: ts.Node): void => {
    // The compiler leaves there what an identifier of a printed type stands for.
    const { symbol: meant } = node as { readonly symbol?: ts.Symbol }
    const file = meant?.declarations?.[0]?.getSourceFile().fileName
    const isType = ((meant?.flags ?? 0) & ts.SymbolFlags.Type & ~ts.SymbolFlags.TypeParameter) !== 0
    if (ts.isIdentifier(node) && meant !== undefined && file !== undefined && isType) found.set(meant, file)
    ts.forEachChild(node, visit)
  }
  const node = checker.typeToTypeNode(checker.getTypeOfSymbol(symbol), undefined, format)
  if (node !== undefined) visit(node)
  return [...found].map(([meant, file]) => ({ symbol: meant, file: relative(PACKAGE_FOLDER, file) }))
}

function signatureOf(
  name: string,
  symbol: ts.Symbol,
  { checker, isValue }: { readonly checker: ts.TypeChecker; readonly isValue: boolean },
): string {
  const { flags } = symbol
  if ((flags & ts.SymbolFlags.Module) !== 0) return `namespace ${name}`
  if ((flags & ts.SymbolFlags.Class) !== 0) return `class ${name}`
  if (!isValue) return `${(flags & ts.SymbolFlags.Interface) !== 0 ? 'interface' : 'type'} ${name}`
  const type = checker.getTypeOfSymbol(symbol)
  const format = ts.TypeFormatFlags.UseAliasDefinedOutsideCurrentScope
  const signatures = type.getCallSignatures()
  const text =
    signatures.length === 0
      ? `${name}: ${checker.typeToString(type, undefined, format)}`
      : signatures
          .map(
            one => name + checker.signatureToString(one, undefined, format | ts.TypeFormatFlags.NoTruncation),
          )
          .join('; ')
  return text.replace(/\s+/g, ' ')
}

/** The page of all public names: what a change of this page shows, a program of a user may see. */
export function apiReference(): string {
  const sections = [...publicApi()].map(([point, names]) => {
    const lines = (shown: readonly PublicName[]) =>
      shown.map(({ signature, summary }) => `- \`${signature}\`${summary === '' ? '' : `: ${summary}`}`)
    const values = names.filter(({ isValue }) => isValue)
    const types = names.filter(({ isValue }) => !isValue)
    return [
      `## \`${point}\``,
      '',
      ...lines(values),
      ...(types.length === 0 ? [] : ['', '### Types', '', ...lines(types)]),
      '',
    ].join('\n')
  })
  return `${HEAD}\n${sections.join('\n')}`
}

const HEAD = `# What a program can import

Made from the code by \`npm run docs\`. The names of each entry point with their signatures, and the first sentence of what is said
of them; an editor shows the rest. Names under \`ft-cadis/internal\` are the parts that the others are made of: they may change with any
version.
`
