import { type Handle, handlesIn, PlainHandle, withData } from './handle'
import { formOf, type InputForm } from './input-form'
import { encodeInstructions, type Plain } from './program'
import type { Recorder } from './recorder'
import type { Make, Recorded } from './recording'

/** Number of input forms that a procedure remembers. */
const VARIANTS = 8

/** The compiled form of a body for one form of inputs. */
interface Variant<O> {
  /** The procedure in Python. */
  readonly handle: Handle
  /** The body's result at recording; its handles represent the results of each call. */
  readonly result: O
  /** Which of these are inputs: their position among the input handles. */
  readonly passed: ReadonlyMap<number, number>
  /** Which of these the body makes, in Python's order. */
  readonly outputs: readonly number[]
  readonly makers: readonly Make[]
  readonly instructions: readonly Recorded[]
}

/**
 * A body that is recorded and sent once, then run by a single instruction, for repeated work. The body gets every handle from its inputs,
 * and depends only on its inputs. It is recorded again for inputs of another form: if plain data in them differ, or a handle appears where
 * there was none.
 */
export class Procedure<I, O> {
  readonly #recorder: Recorder
  readonly #body: (inputs: I) => O
  /** By input form; the most recently used is last. */
  readonly #variants = new Map<string, Variant<O>>()
  #failures = 0

  constructor(recorder: Recorder, body: (inputs: I) => O) {
    this.#recorder = recorder
    this.#body = body
  }

  /**
   * Records a call.
   *
   * @param inputs - Handles and plain values, in plain objects and arrays.
   * @returns The body's result, with handles of this call.
   * @throws TypeError if the inputs hold anything else, or the body uses a handle that is not an input or returns a promise
   */
  call(inputs: I): O {
    // Inside another procedure it becomes part of it.
    if (this.#recorder.isInProcedure) return this.#body(inputs)
    const form = formOf(inputs)
    const { handles } = form
    const variant = this.#variantOf(inputs, form)
    const made = this.#recorder.recordMany('call', [variant.handle, ...handles], {
      make: variant.makers,
      inner: variant.instructions,
    })
    const results = new Map(variant.outputs.map((id, index) => [id, made[index]]))
    return withData(variant.result, ({ id }) => results.get(id) ?? handles[variant.passed.get(id) ?? -1]) as O
  }

  /** Frees its state in Python. It can be called again, and is then recorded again. */
  free(): void {
    for (const { handle } of this.#variants.values()) this.#recorder.free(handle)
    this.#variants.clear()
  }

  #variantOf(inputs: I, { text, handles }: InputForm): Variant<O> {
    // After a failure, its definition may be missing.
    if (this.#failures !== this.#recorder.failures) this.free()
    this.#failures = this.#recorder.failures
    const variant = this.#variants.get(text) ?? this.#define(inputs, handles)
    this.#variants.delete(text)
    this.#variants.set(text, variant)
    for (const [oldest, { handle }] of this.#variants) {
      if (this.#variants.size <= VARIANTS) break
      this.#recorder.free(handle)
      this.#variants.delete(oldest)
    }
    return variant
  }

  #define(inputs: I, handles: readonly Handle[]): Variant<O> {
    const { result, instructions } = this.#recorder.recordAside(handles, () => this.#body(inputs))
    const passed = new Map(handles.map(({ id }, place) => [id, place]))
    const outputs = [...new Set(handlesIn(result).map(({ id }) => id))].filter(id => !passed.has(id))
    const makerOf = new Map(
      instructions.flatMap(({ makes, makers }) => makes.map((id, index) => [id, makers[index]] as const)),
    )
    const parameters = {
      instructions: encodeInstructions(instructions) as Plain,
      inputs: handles.map(({ id }) => id),
      outputs,
    }
    const handle = this.#recorder.outsideOfScopes(() =>
      this.#recorder.record('procedure', [], {
        parameters,
        make: (session, id) => new PlainHandle<never>(session, id),
      }),
    )
    const makers = outputs.map(id => makerOf.get(id)).filter(make => make !== undefined)
    return { handle, result, passed, outputs, makers, instructions }
  }
}
