import { type StreamName, streamBlocks } from '../../src/streams'

/** A named source of random numbers: xoshiro128** (Blackman and Vigna, 2021), its whole state filled from the stream of the name. */
export class Random {
  readonly #state: Uint32Array

  constructor(...name: StreamName) {
    const block = streamBlocks(name)()
    this.#state = Uint32Array.from({ length: 4 }, (_, word) => block.readUInt32LE(4 * word))
  }

  /** 32 fair bits. */
  bits(): number {
    const s = this.#state
    const [a, b, c, d] = s as unknown as [number, number, number, number]
    const product = Math.imul(b, 5)
    const result = Math.imul((product << 7) | (product >>> 25), 9)
    const c2 = c ^ a
    const d2 = d ^ b
    s[0] = a ^ d2
    s[1] = b ^ c2
    s[2] = c2 ^ (b << 9)
    s[3] = (d2 << 11) | (d2 >>> 21)
    return result
  }

  /**
   * A binomial count, exact for the double p: each trial compares a uniform number with p bit by bit, and a word of
   * random bits serves 32 trials. At each bit of p about half of the trials are decided.
   */
  binomial(trials: number, p: number): number {
    let open = trials
    let successes = 0
    let rest = p
    if (p >= 1) return trials
    while (open > 0 && rest > 0) {
      rest *= 2
      const zeros = this.#fair(open)
      if (rest >= 1) {
        rest -= 1
        successes += zeros
        open -= zeros
      } else open = zeros
    }
    return successes
  }

  /** How many of that many fair bits are 0. */
  #fair(trials: number): number {
    let zeros = 0
    let left = trials
    for (; left >= 32; left -= 32) zeros += ones(this.bits())
    return left > 0 ? zeros + ones(this.bits() >>> (32 - left)) : zeros
  }
}

function ones(word: number): number {
  let x = word - ((word >>> 1) & 0x55555555)
  x = (x & 0x33333333) + ((x >>> 2) & 0x33333333)
  x = (x + (x >>> 4)) & 0x0f0f0f0f
  return Math.imul(x, 0x01010101) >>> 24
}
