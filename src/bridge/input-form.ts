import { Handle } from './handle'

/** The form of a procedure's inputs, independent of the values that their handles name. */
export interface InputForm {
  /** The same text for inputs that differ only in their handles. */
  readonly text: string
  /** Each handle once, in order of appearance. */
  readonly handles: readonly Handle[]
}

/**
 * Returns the form of a procedure's inputs: handles, arrays, plain objects, and plain values (null, undefined, booleans, numbers, strings).
 *
 * @throws TypeError with the position of anything else: an instance of a class may hold more than its fields show
 */
export function formOf(inputs: unknown): InputForm {
  const places = new Map<Handle, number>()
  const textOf = (value: unknown, place: string): string => {
    if (value instanceof Handle) {
      const known = places.get(value) ?? places.size
      places.set(value, known)
      return `#${known}`
    }
    if (Array.isArray(value) && Object.getPrototypeOf(value) === Array.prototype) {
      return `[${Array.from(value, (item, index) => textOf(item, `${place}[${index}]`)).join()}]`
    }
    if (isPlainObject(value)) {
      const fields = Object.entries(value)
      return `{${fields.map(([key, item]) => `${JSON.stringify(key)}:${textOf(item, fieldOf(place, key))}`).join()}}`
    }
    switch (typeof value) {
      case 'string':
        return JSON.stringify(value)
      case 'number':
        return Object.is(value, -0) ? '-0' : String(value)
      case 'boolean':
      case 'undefined':
        return String(value)
      default:
        if (value === null) return 'null'
        throw new TypeError(
          `A procedure takes handles, arrays, plain objects and plain values, but ${place} is ${nounOf(value)}. Its later changes ` +
            'would go unnoticed, and the procedure compute with what it held at first. ' +
            'Hand in the handles and plain values that the body needs of it.',
        )
    }
  }
  const text = textOf(inputs, 'inputs')
  return { text, handles: [...places.keys()] }
}

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

function fieldOf(place: string, key: string): string {
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(key)
    ? `${place}.${key}`
    : `${place}[${JSON.stringify(key)}]`
}

function nounOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return `a ${typeof value}`
  const name: unknown = value.constructor?.name
  return typeof name === 'string' && name !== '' && name !== 'Object'
    ? `an instance of ${name}`
    : 'an object that inherits from another'
}
