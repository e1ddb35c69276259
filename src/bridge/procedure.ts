import { type Handle, handlesIn, PlainHandle, withData } from './handle'
import { formOf, type InputForm } from './input-form'
import { encodeInstructions, type Plain } from './program'
import type { Recorder } from './recorder'
import type { Make, Recorded } from './recording'

/** How many forms of its inputs a procedure remembers. */
const VARIANTS = 8

/** The compiled form of a body, for one form of inputs. */
interface Variant<O> {
  /** The procedure in Python. */
  readonly handle: Handle
  /** What the body returned when it was recorded; its handles stand for the results of each call. */
  readonly result: O
  /** Which of these are inputs: their place among the handles of the inputs. */
  readonly passed: ReadonlyMap<number, number>
  /** Which of these the body makes, in the order in which Python hands them over. */
  readonly outputs: readonly number[]
  readonly makers: readonly Make[]
  readonly instructions: readonly Recorded[]
}

/**
 * A body that is recorded and sent once, and run by one instruction from then on: for what is done again and again. The
 * body takes every handle that it uses from its inputs, and depends on nothing but its inputs. It is recorded again for
 * inputs of another form: where plain data in them differ, or a handle stands where there was none.
 */
export class Procedure<I, O> {
  readonly #recorder: Recorder
  readonly #body: (inputs: I) => O
  /** By the form of the inputs; the one used last comes last. */
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
   * @returns What the body returns, with handles of this call.
   * @throws TypeError if the inputs hold anything else, or the body uses a handle that is not among them or returns a promise
   */
  call(inputs: I): O {
    // In another procedure it is a part of that.
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

  /** Frees what Python keeps of it. It can be called again, and is recorded again then. */
  free(): void {
    for (const { handle } of this.#variants.values()) this.#recorder.free(handle)
    this.#variants.clear()
  }

  #variantOf(inputs: I, { text, handles }: InputForm): Variant<O> {
    // After a failure, what it was to define may be missing.
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
