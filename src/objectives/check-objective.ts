import { z } from 'zod'
import { explainIssues } from '../config/explain-issues'
import { ConfigError } from '../errors'
import { Tensor } from '../torch'
import type { Form, Loss, Objective } from './objective'

const text = z.string().min(1)
const method = z.custom<unknown>(value => typeof value === 'function', 'expected a function')
const metrics = z.record(
  text,
  z.looseObject({
    label: text,
    caption: text,
    tag: text,
    unit: z.literal('share').optional(),
    of: method.optional(),
  }),
)

/** Required fields of every objective; the package's types state the same at compile time. */
const objectiveSchema = z.looseObject({
  kind: text,
  settings: z.custom(value => value instanceof z.core.$ZodType, 'expected a schema of zod'),
  copies: method,
  loss: method,
  sums: z.array(text),
  metrics,
  passes: method,
  footprint: method,
  evaluation: z
    .looseObject({
      look: method,
      metrics,
      best: z.object({ metric: text, is: z.enum(['largest', 'smallest', 'newest']) }),
    })
    .optional(),
})

/**
 * Checks that an objective is complete.
 *
 * @throws ConfigError that names every missing field, its expected type and the actual value
 */
export function requireObjective(objective: { readonly kind?: unknown }): void {
  const parsed = objectiveSchema.safeParse(objective)
  if (parsed.success) return
  throw explainIssues(parsed.error, {
    ...{ schema: objectiveSchema, input: objective },
    what: `The objective ${String(objective.kind)}`,
  })
}

/**
 * Returns M of an objective.
 *
 * @throws ConfigError unless it is an integer of at least 1
 */
export function copiesOf<F extends Form>(objective: Objective<F>, settings: F['settings']): number {
  const copies = objective.copies(settings)
  if (Number.isInteger(copies) && copies >= 1) return copies
  throw new ConfigError(
    `\`copies\` of the method ${objective.kind} returned ${copies}, expected an integer of at least 1.`,
    { remedy: 'Return how many noises each image is trained under.' },
  )
}

/**
 * Checks that a value is a loss.
 *
 * @throws ConfigError that names the objective and the field
 */
export function requireLoss<F extends Form>({ kind, sums }: Objective<F>, loss: Loss<F>): Loss<F> {
  const refuse = (field: string, expected: string, got: unknown): never => {
    throw new ConfigError(
      `\`loss\` of the method ${kind} returned ${field}: expected ${expected}, got ${say(got)}.`,
      {
        remedy:
          'Return { total, sums }, where total is a tensor without axes, as are the sums that `sums` names.',
      },
    )
  }
  const isScalar = (value: unknown) => value instanceof Tensor && value.axes === ''
  if (!isScalar(Object(loss).total)) refuse('total', 'a tensor without axes', Object(loss).total ?? loss)
  const names: readonly string[] = sums
  for (const [name, sum] of Object.entries<unknown>(Object(loss.sums))) {
    if (!names.includes(name)) refuse(`the sum ${name}`, `one of ${names.join(', ')}`, sum)
    if (sum !== null && sum !== undefined && !isScalar(sum)) {
      refuse(`sums.${name}`, 'a tensor without axes', sum)
    }
  }
  return loss
}

function say(value: unknown): string {
  if (value instanceof Tensor) return `a tensor with the axes '${value.axes}'`
  return value instanceof Promise ? 'a promise' : String(value)
}
