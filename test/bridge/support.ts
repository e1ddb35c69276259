import { readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { type Parameters, PlainHandle, type Session } from '../../src/bridge'

const PYTHON_FILE = join(__dirname, 'support.py')

/** What a classifier is loaded from whose network `factory` of support.py returns. */
export const networkSpec = (factory: string, args: { readonly [name: string]: string } = {}) => ({
  source: 'python',
  file: PYTHON_FILE,
  factory,
  arguments: args,
})

/** Records an instruction that runs any Python code, once: a network that is not to be trained is made twice and compared. */
export function runPython(session: Session, code: string): void {
  const spec = { ...networkSpec('run', { code }), tuning: { kind: 'full' } }
  session.scope(() => recordPlain(session, 'load_classifier', { spec, dtype: 'float32' }))
}

/** Records an instruction whose result is plain data. */
export function recordPlain<Data>(
  session: Session,
  operation: string,
  parameters: Parameters = {},
): PlainHandle<Data> {
  return session.record(operation, [], { parameters, make: (owner, id) => new PlainHandle<Data>(owner, id) })
}

/** Records a count of the values that Python holds, without the count itself. */
export const countLiveValues = (session: Session) => recordPlain<number>(session, 'live_values')

/** What a promise rejects with, if it is an error of this class. */
export async function rejectionOf<E extends Error>(
  promise: Promise<unknown>,
  errorClass: abstract new (...args: never[]) => E,
): Promise<E> {
  const reason: unknown = await promise.then(
    value => new Error(`It was to reject, but resolved to ${JSON.stringify(value)}.`),
    (error: unknown) => error,
  )
  if (reason instanceof errorClass) return reason
  throw reason
}

/** What matches an error's words for the line of a file that ends in a comment: file, line, and any column. */
export function placeOf(file: string, comment: string): RegExp {
  const lines = readFileSync(file, 'utf8').split('\n')
  const line = lines.findIndex(text => text.endsWith(`// ${comment}`)) + 1
  return new RegExp(`^${relative(process.cwd(), file)}:${line}:\\d+$`)
}
