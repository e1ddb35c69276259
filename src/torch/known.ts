import type { Handle, Plain } from '../bridge'

/** Facts about a tensor that are known before Python has computed it. */
interface Known {
  /** Sizes by axis. */
  readonly sizes: Readonly<Record<string, number>>
  readonly dtype: string
}

type Named = Handle & { readonly axes: string }

const KNOWN = new WeakMap<Handle, Known>()

/** Remembers shape and number type of a tensor made from data. */
export function rememberData<T extends Named>(tensor: T, data: Plain, dtype: string): T {
  const sizes: Record<string, number> = {}
  let level: Plain | undefined = data
  for (const axis of tensor.axes) {
    if (!Array.isArray(level)) return tensor
    sizes[axis] = level.length
    level = level[0]
  }
  KNOWN.set(tensor, { sizes, dtype })
  return tensor
}

/**
 * Remembers shape and number type of a result whose axes, with the same sizes, are among those of the first operand. The number type is
 * `dtype`, or the operand's own.
 */
export function rememberLike<T extends Named>(result: T, operands: readonly Handle[], dtype?: string): T {
  const [first, ...others] = operands.map(operand => KNOWN.get(operand))
  // Torch's rules promote operands of different number types.
  const isPromoted = others.some(other => other?.dtype !== first?.dtype)
  if (first === undefined || (dtype === undefined && isPromoted)) return result
  KNOWN.set(result, { sizes: first.sizes, dtype: dtype ?? first.dtype })
  return result
}

/** Returns shape and number type in printed form; empty if unknown. */
export function knownOf(tensor: Named): string[] {
  const known = KNOWN.get(tensor)
  if (known === undefined) return []
  return [`[${[...tensor.axes].map(axis => known.sizes[axis]).join(', ')}]`, known.dtype]
}
