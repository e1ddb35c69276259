import { inspect } from 'node:util'
import { isObject } from '../files/read-json'
import type { Session } from './session'

declare const plainForm: unique symbol

/**
 * A name for a value that Python holds or will hold. Reading it returns `Data`. Handles are made by recording operations and freed by
 * scopes; see {@link Session.scope}.
 */
export abstract class Handle<Data = unknown> {
  declare readonly [plainForm]: Data

  constructor(
    readonly session: Session,
    readonly id: number,
  ) {}

  /** Its class and number: a session is too large to print. */
  [inspect.custom](): string {
    return `${this.constructor.name} #${this.id}`
  }
}

/** A handle whose value is plain data, for example a description of a data set. */
export class PlainHandle<Data> extends Handle<Data> {}

/** The result type of {@link Session.read}: the same structure with data instead of handles. */
export type Read<T> = T extends Handle<infer Data> ? Data : { [K in keyof T]: Read<T[K]> }

/** Returns the handles in a value of plain objects, arrays and handles, in a fixed order. */
export function handlesIn(value: unknown): Handle[] {
  if (value instanceof Handle) return [value]
  if (Array.isArray(value)) return value.flatMap(handlesIn)
  if (isObject(value)) return Object.values(value).flatMap(handlesIn)
  return []
}

/** Returns the value with each handle replaced by the result of `data`. */
export function withData<T>(value: T, data: (handle: Handle) => unknown): Read<T> {
  const replace = (part: unknown): unknown => {
    if (part instanceof Handle) return data(part)
    if (Array.isArray(part)) return part.map(replace)
    if (isObject(part))
      return Object.fromEntries(Object.entries(part).map(([key, item]) => [key, replace(item)]))
    return part
  }
  return replace(value) as Read<T>
}
