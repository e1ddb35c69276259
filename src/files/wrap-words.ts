/**
 * Wraps text between words at the width of the terminal. Only for prose: a wrapped command cannot be copied.
 *
 * @param options - `width`: columns of the terminal, by default those of stdout, or no limit without a terminal; `indent`: indentation of
 *   every line except the first
 */
export function wrapWords(
  text: string,
  { width = process.stdout.columns ?? Infinity, indent = '' }: { width?: number; indent?: string } = {},
): string {
  return text
    .split('\n')
    .map(line => wrapLine(line, width - indent.length))
    .join('\n')
    .replaceAll('\n', `\n${indent}`)
}

function wrapLine(line: string, width: number): string {
  if ([...line].length <= width || width < 1) return line
  const lines: string[] = []
  for (const word of line.split(' ')) {
    const last = lines.at(-1)
    if (last !== undefined && [...last].length + 1 + [...word].length <= width) {
      lines[lines.length - 1] = `${last} ${word}`
    } else lines.push(word)
  }
  return lines.join('\n')
}
