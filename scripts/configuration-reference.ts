import { z } from 'zod'
import { certificationRunSchema, runSchema } from '../src/config/schema'

/** The part of a JSON schema that zod writes for settings. */
interface Schema {
  readonly type?: string
  readonly description?: string
  readonly default?: unknown
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly pattern?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: number
  readonly exclusiveMaximum?: number
  readonly properties?: Readonly<Record<string, Schema>> | undefined
  readonly required?: readonly string[]
  readonly items?: Schema
  readonly prefixItems?: readonly Schema[]
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[] | undefined
}

const HEAD = `# Configuration reference

Every setting, as \`parseConfig\` and \`parseCertificationConfig\` check it. This page is made from the schemas in \`src/config/\` by
\`npm run docs\`. A field without a default, and not optional, has to be given; \`presets\` give the paper's. Fields that are not
listed are refused. Pixels are in [0, 1] where nothing else is said, radii are ℓ2.
`

/** The page docs/reference/configuration.md. */
export function configurationReference(): string {
  const run = jsonSchema(runSchema)
  const certification = jsonSchema(certificationRunSchema)
  const others = Object.entries(certification.properties ?? {}).filter(
    ([name, schema]) => JSON.stringify(schema) !== JSON.stringify(run.properties?.[name]),
  )
  return [
    HEAD,
    '## A fine-tuning run\n',
    'What `finetune` takes: `RunConfigInput`.\n',
    overview(run),
    ...Object.entries(run.properties ?? {}).flatMap(section),
    '## A certification\n',
    'What `certify` and `--config` take: `CertificationRunConfigInput`. `certificationOf` makes it of a run.\n',
    overview(certification),
    `The fields are those of a run but for ${others.map(([name]) => `\`${name}\``).join(', ')}.\n`,
    ...others.flatMap(section),
  ].join('\n')
}

function jsonSchema(schema: z.ZodType): Schema {
  return z.toJSONSchema(schema, { io: 'input' }) as Schema
}

/** The section of a field that has fields; of a choice between kinds, with a table for each. */
function section([name, schema]: readonly [string, Schema]): string[] {
  if (!hasSection(schema)) return []
  const kinds = (schema.oneOf ?? []).map(kind => [kind, discriminator(kind)] as const)
  const head = `### \`${name}\`\n\n${schema.description ?? ''}\n`
  if (schema.properties !== undefined) {
    const choices = Object.entries(schema.properties).filter(([, field]) => field.oneOf !== undefined)
    const rows = { ...schema.properties, ...named(choices) }
    const inner = choices.map(([field, choice]) => [`${name}.${field}`, choice] as const)
    return [head, table({ ...schema, properties: rows }), ...inner.flatMap(section)]
  }
  return [
    head,
    ...kinds.flatMap(([kind, key]) => [
      `**\`${key}: ${typeOf(kind.properties?.[key] ?? {})}\`** ${kind.properties?.[key]?.description ?? ''}\n`,
      table({
        ...kind,
        properties: Object.fromEntries(
          Object.entries(kind.properties ?? {}).filter(([field]) => field !== key),
        ),
      }),
    ]),
  ]
}

/** The field whose value says which kind it is. */
function discriminator({ properties = {} }: Schema): string {
  return Object.keys(properties).find(name => properties[name]?.const !== undefined) ?? ''
}

function table(schema: Schema): string {
  const rows = fields(schema, '')
  if (rows.length === 0) return 'It has no further fields.\n'
  return `| field | type | default | |\n|---|---|---|---|\n${rows.join('\n')}\n`
}

/** The rows of a whole configuration: what has its own section is only named. */
function overview({ properties = {}, required = [] }: Schema): string {
  const withSection = Object.entries(properties).filter(([, schema]) => hasSection(schema))
  return table({ properties: { ...properties, ...named(withSection) }, required })
}

/** Fields that have their own section, as rows that only name them. */
function named(fields: readonly (readonly [string, Schema])[]): Readonly<Record<string, Schema>> {
  return Object.fromEntries(
    fields.map(([name, schema]) => [
      name,
      { ...schema, type: 'object', properties: undefined, oneOf: undefined },
    ]),
  )
}

function hasSection({ properties, oneOf }: Schema): boolean {
  return properties !== undefined || oneOf !== undefined
}

/** A row for each field, and below it those of the objects that it may be. */
function fields({ properties = {}, required = [] }: Schema, prefix: string): string[] {
  return Object.entries(properties).flatMap(([name, schema]) => {
    const path = `${prefix}${name}`
    const standard =
      schema.default !== undefined ? code(shown(schema.default)) : required.includes(name) ? '' : 'optional'
    const row = `| \`${path}\` | ${code(typeOf(schema))} | ${standard} | ${describe(schema)} |`
    return [row, ...objectsIn(schema, path).flatMap(([within, object]) => fields(object, `${within}.`))]
  })
}

/** The objects that a value may be or hold, with the path to each. */
function objectsIn(schema: Schema, path: string): (readonly [string, Schema])[] {
  if (schema.properties !== undefined) return [[path, schema]]
  if (schema.items !== undefined) return objectsIn(schema.items, `${path}[]`)
  return (schema.anyOf ?? []).flatMap(choice => objectsIn(choice, path))
}

function typeOf(schema: Schema): string {
  if (schema.const !== undefined) return shown(schema.const)
  if (schema.enum !== undefined) return schema.enum.map(shown).join(' | ')
  const choices = schema.anyOf ?? schema.oneOf
  if (choices !== undefined) return choices.map(typeOf).join(' | ')
  if (schema.prefixItems !== undefined) return `[${schema.prefixItems.map(typeOf).join(', ')}]`
  if (schema.items !== undefined) {
    const item = typeOf(schema.items)
    return / /.test(item) && schema.items.properties === undefined ? `(${item})[]` : `${item}[]`
  }
  if (schema.properties !== undefined) return `{ ${Object.keys(schema.properties).join(', ')} }`
  if (schema.type === 'object') return 'object'
  if (schema.type === 'number' || schema.type === 'integer') return `${schema.type}${bounds(schema)}`
  return schema.pattern === undefined ? (schema.type ?? 'any') : `string like /${schema.pattern}/`
}

function bounds({ type, minimum, maximum, exclusiveMinimum, exclusiveMaximum }: Schema): string {
  const least = type === 'integer' && exclusiveMinimum !== undefined ? exclusiveMinimum + 1 : minimum
  const isPlain = (bound: number | undefined): bound is number =>
    bound !== undefined && Math.abs(bound) < Number.MAX_SAFE_INTEGER
  return [
    ...(isPlain(least) ? [` ≥ ${least}`] : isPlain(exclusiveMinimum) ? [` > ${exclusiveMinimum}`] : []),
    ...(isPlain(maximum) ? [` ≤ ${maximum}`] : []),
    ...(isPlain(exclusiveMaximum) ? [` < ${exclusiveMaximum}`] : []),
  ].join(',')
}

/** As one writes it in TypeScript. */
function shown(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`
  if (Array.isArray(value)) return `[${value.map(shown).join(', ')}]`
  if (typeof value !== 'object' || value === null) return String(value)
  const entries = Object.entries(value).map(([name, field]) => `${name}: ${shown(field)}`)
  return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`
}

/** The description, without the default where that has a column. */
function describe(schema: Schema): string {
  const { description = '' } = schema
  const end = schema.default === undefined ? -1 : description.lastIndexOf(' Default')
  return cell(end === -1 ? description : description.slice(0, end))
}

function code(text: string): string {
  return `\`${cell(text)}\``
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}
