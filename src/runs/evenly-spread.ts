/** Returns `count` positions, at most `length`, spread evenly over `length` from the first. */
export function evenlySpread(length: number, count = length): number[] {
  const taken = Math.min(count, length)
  return Array.from({ length: taken }, (_, position) => Math.floor((position * length) / taken))
}
