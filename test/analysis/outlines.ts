/** Outlines of the lines of a chart, or of its areas, in drawing order. */
export function outlines(svg: string, mark: 'line' | 'area'): string[] {
  const symbols = svg.matchAll(new RegExp(`<path [^>]*aria-roledescription="${mark} mark"[^>]*>`, 'g'))
  return [...symbols].map(([symbol]) => /\bd="([^"]*)"/.exec(symbol)?.[1] as string)
}
