/** `count` positions, or as many as there are, spread evenly over `length`; from the first on. */
export function evenlySpread(length: number, count = length): number[] {
  const taken = Math.min(count, length)
  return Array.from({ length: taken }, (_, position) => Math.floor((position * length) / taken))
}
