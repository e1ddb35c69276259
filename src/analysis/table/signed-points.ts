/** Formats a difference of shares in percentage points, with its sign: `+1.5`, `-0.3`, `0.0`. */
export function signedPoints(share: number): string {
  const text = (100 * share).toFixed(1)
  return Number(text) > 0 ? `+${text}` : text.replace(/^-(0\.0)$/, '$1')
}
