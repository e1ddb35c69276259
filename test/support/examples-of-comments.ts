import ts from 'typescript'
import { ENTRY_POINTS, type PublicApi, publicApi } from '../../scripts/api-reference'

interface Example {
  readonly name: string
  /** What the comment says, each `expression // => value` a check. */
  readonly body: string
}

/** What the comments of public values show, as bodies of functions. */
function examples(api: PublicApi): Example[] {
  return [...api].flatMap(([point, names]) =>
    names.flatMap(({ name, symbol }) =>
      symbol
        .getJsDocTags()
        .filter(tag => tag.name === 'example')
        .map(({ text }) => ({ name: `${point} ${name}`, body: checked(ts.displayPartsToString(text)) })),
    ),
  )
}

function checked(text: string): string {
  return text.replace(/^(await )?(.*) \/\/ => (.*)$/gm, 'check($1$2, $3)')
}

/**
 * The examples in the comments of public values as a module, which imports what they name of the package. It runs them one
 * after the other in one session, and writes to stderr which ones ran and which failed.
 */
export function programOfExamples(): { readonly names: readonly string[]; readonly text: string } {
  const api = publicApi()
  const bodies = examples(api)
  const words = new Set(bodies.flatMap(({ body }) => body.match(/\w+/g) ?? []))
  const imported = new Set<string>()
  const imports = Object.keys(ENTRY_POINTS).map(point => {
    const named = (api.get(point) ?? []).filter(({ name }) => words.has(name) && !imported.has(name))
    for (const { name } of named) imported.add(name)
    return `import { ${named.map(({ name, isValue }) => (isValue ? name : `type ${name}`)).join(', ')} } from '${point}'`
  })
  const text = `
${imports.join('\n')}
import { isDeepStrictEqual } from 'node:util'
import { connect as begin } from 'ft-cadis'

const check = (found: unknown, expected: unknown) => {
  if (!isDeepStrictEqual(found, expected)) throw new Error(JSON.stringify({ found, expected }))
}
type Shown = import('ft-cadis').Session
const examples: readonly (readonly [string, (session: Shown) => Promise<void>])[] = [
${bodies.map(({ name, body }) => `['${name}', async session => {\nvoid session\n${body}\n}],`).join('\n')}
]
async function main() {
  await using session = await begin({ threads: 1 })
  for (const [name, run] of examples) {
    try {
      await run(session)
      console.error('ran ' + name)
    } catch (error) {
      console.error('failed ' + name + ': ' + error)
    }
  }
}
void main()
`
  return { names: bodies.map(({ name }) => name), text }
}
