import { z } from 'zod'
import { certificationRunSchema, runSchema } from '../src/config/schema'

/** The part of a JSON schema that types are made from. */
interface Schema {
  readonly type?: string
  readonly description?: string
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: unknown
  readonly items?: Schema
  readonly prefixItems?: readonly Schema[]
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly $ref?: string
}

/** As one writes settings, where defaults may be left out; and complete, as they are read. */
type Form = 'input' | 'output'

/** A field with its own type name, by the file that this is in. */
const FILES: Readonly<Record<string, readonly string[]>> = {
  smoothing: ['smoothing'],
  classifier: ['classifier', 'tuning'],
  data: ['data'],
  method: ['method'],
  optimisation: ['optimisation', 'checkpoints'],
  certification: ['certification'],
}

/** Lists of what is a section by itself, by the name of the list. */
const LISTS_OF: Readonly<Record<string, string>> = { surrogates: 'classifier' }

const HEAD = '// Made from the schemas of src/config/ by `npm run docs`.\n'

/** The types of settings, by the path of their file: interfaces that carry the descriptions of the schemas. */
export function configTypes(): Readonly<Record<string, string>> {
  const forms = { input: jsonSchema(runSchema, 'input'), output: jsonSchema(runSchema, 'output') }
  const files = Object.entries(FILES).map(([file, sections]) => {
    const declarations = sections.flatMap(name =>
      (['input', 'output'] as const).flatMap(form => declarationsOf(name, fieldOf(forms[form], name), form)),
    )
    return [`src/config/types/${file}.ts`, withImports(declarations.join('\n'))] as const
  })
  return { ...Object.fromEntries(files), 'src/config/types/run.ts': runTypes() }
}

function jsonSchema(schema: z.ZodType, io: Form): Schema {
  return z.toJSONSchema(schema, { io }) as Schema
}

function fieldOf({ properties }: Schema, name: string): Schema {
  const field = properties?.[name]
  if (field === undefined) throw new Error(`The settings have no section ${name}.`)
  return field
}

function runTypes(): string {
  const declarations = (['input', 'output'] as const).flatMap(form => {
    const { method, ...run } = jsonSchema(runSchema, form).properties ?? {}
    const required = jsonSchema(runSchema, form).required ?? []
    const certification = jsonSchema(certificationRunSchema, form)
    const whole = form === 'input' ? { ...run, method: method ?? {} } : run
    return [
      declare(form === 'input' ? 'RunConfigInput' : 'RunSettings', {
        ...{ properties: whole, required, form },
        description:
          form === 'input'
            ? 'The settings of a fine-tuning run as one writes them: what has a default may be left out.'
            : 'The settings of a fine-tuning run, complete, but for its method.',
      }),
      declare(`CertificationRunConfig${suffix(form)}`, {
        ...{ properties: certification.properties ?? {}, required: certification.required ?? [], form },
        description: `The settings of a certification${form === 'input' ? ' as one writes them' : ', complete'}.`,
      }),
    ]
  })
  const text = declarations.join('\n')
  const imports = Object.entries(FILES).flatMap(([file, sections]) => {
    const names = sections
      .flatMap(section => [`${pascal(section)}Config`, `${pascal(section)}ConfigInput`])
      .filter(name => new RegExp(`\\b${name}\\b`).test(text))
    return names.length === 0 ? [] : [`import type { ${names.sort().join(', ')} } from './${file}'`]
  })
  return `${HEAD}\n${imports.join('\n')}\n\n${text}`
}

/** The declarations of a section: an interface, or one for each of its kinds and their union. */
function declarationsOf(name: string, schema: Schema, form: Form): string[] {
  const own = `${pascal(name)}Config${suffix(form)}`
  if (schema.oneOf !== undefined) {
    const members = schema.oneOf.map(kind => {
      const member = `${pascal(String(discriminator(kind)?.const))}${pascal(name)}${suffix(form)}`
      return { member, text: [...inner(kind, form), declareObject(member, kind, form)] }
    })
    const union = `export type ${own} =\n${members.map(({ member }) => `  | ${member}`).join('\n')}\n`
    return [...members.flatMap(({ text }) => text), `${comment(schema.description, '')}${union}`]
  }
  return [...inner(schema, form), declareObject(own, schema, form)]
}

/** The sections within a section that have several kinds. */
function inner({ properties = {} }: Schema, form: Form): string[] {
  return Object.entries(properties)
    .filter(([, field]) => field.oneOf !== undefined)
    .flatMap(([name, field]) => declarationsOf(name, field, form))
}

function declareObject(name: string, schema: Schema, form: Form): string {
  const { properties = {}, required = [] } = schema
  const description = discriminator(schema)?.description ?? schema.description
  return declare(name, { properties, required, form, description })
}

interface Declaration {
  readonly properties: Readonly<Record<string, Schema>>
  readonly required: readonly string[]
  readonly form: Form
  readonly description: string | undefined
}

function declare(name: string, { description, ...object }: Declaration): string {
  // No interface: one does not fit where an object with any fields is asked for.
  return `${comment(description, '')}export type ${name} = ${body(object, '')}\n`
}

function body({ properties, required, form }: Omit<Declaration, 'description'>, indent: string): string {
  const within = `${indent}  `
  const fields = Object.entries(properties).map(([name, field]) => {
    const isOptional = !required.includes(name)
    const type = typeOf(field, { name, form, indent: within })
    const key = /^[A-Za-z_$][\w$]*$/.test(name) ? name : `'${name}'`
    return `${comment(field.description, within)}${within}${key}${isOptional ? '?' : ''}: ${type}${isOptional ? ' | undefined' : ''}\n`
  })
  return `{\n${fields.join('')}${indent}}`
}

function typeOf(
  schema: Schema,
  { name, form, indent }: { readonly name: string; readonly form: Form; readonly indent: string },
): string {
  const within = { name, form, indent }
  if (schema.$ref !== undefined) return 'Json'
  if (schema.const !== undefined) return literal(schema.const)
  if (schema.enum !== undefined) return schema.enum.map(literal).join(' | ')
  if (schema.oneOf !== undefined) return `${pascal(LISTS_OF[name] ?? name)}Config${suffix(form)}`
  if (schema.anyOf !== undefined) return schema.anyOf.map(choice => typeOf(choice, within)).join(' | ')
  if (schema.prefixItems !== undefined) {
    return `[${schema.prefixItems.map(item => typeOf(item, within)).join(', ')}]`
  }
  if (schema.items !== undefined) return `Array<${typeOf(schema.items, within)}>`
  if (schema.properties !== undefined) {
    if (isSection(name)) return `${pascal(name)}Config${suffix(form)}`
    return body({ properties: schema.properties, required: schema.required ?? [], form }, indent)
  }
  switch (schema.type) {
    case 'integer':
      return 'number'
    case 'object':
      return `Record<string, ${typeOf(schema.additionalProperties as Schema, within)}>`
    case 'number':
    case 'string':
    case 'boolean':
    case 'null':
      return schema.type
    default:
      throw new Error(`There is no type for ${JSON.stringify(schema)}.`)
  }
}

function isSection(name: string): boolean {
  return Object.values(FILES).some(sections => sections.includes(name))
}

/** The field whose value says which kind an object is. */
function discriminator({ properties = {} }: Schema): Schema | undefined {
  return Object.values(properties).find(field => field.const !== undefined)
}

function withImports(text: string): string {
  const imports = [
    ...Object.values(LISTS_OF).flatMap(section => {
      const own = `${pascal(section)}Config`
      const names = [own, `${own}Input`].filter(name => new RegExp(`<${name}>`).test(text))
      return names.length === 0 ? [] : [`import type { ${names.join(', ')} } from './${section}'\n`]
    }),
    ...(/\bJson\b/.test(text) ? ["import type { Json } from './json'\n"] : []),
  ]
  return `${HEAD}\n${imports.join('')}${imports.length === 0 ? '' : '\n'}${text}`
}

function comment(text: string | undefined, indent: string): string {
  if (text === undefined || text === '') return ''
  const lines = wrap(text.replaceAll('*/', '*\\/'), 108 - indent.length)
  if (lines.length === 1) return `${indent}/** ${lines[0]} */\n`
  return `${indent}/**\n${lines.map(line => `${indent} * ${line}\n`).join('')}${indent} */\n`
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last === undefined || last.length + word.length + 1 > width) lines.push(word)
    else lines[lines.length - 1] = `${last} ${word}`
  }
  return lines
}

function literal(value: unknown): string {
  return typeof value === 'string' ? `'${value}'` : String(value)
}

function suffix(form: Form): string {
  return form === 'input' ? 'Input' : ''
}

/** `ft-cadis` as `FtCadis`. */
function pascal(text: string): string {
  return text.replaceAll(/(?:^|[-_])(\w)/g, (_, letter: string) => letter.toUpperCase())
}
