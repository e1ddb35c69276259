/** What Python prints when torch begins to compile a network, and when it has; `compilation.py` prints it. */
const LINES: Readonly<Record<string, boolean>> = {
  '\u001eft-cadis: compiling': true,
  '\u001eft-cadis: compiled': false,
}

/** Whether a line of Python's output says that torch compiles now, or no longer does; undefined for all other lines. */
export function saysCompiling(line: string): boolean | undefined {
  return Object.hasOwn(LINES, line) ? LINES[line] : undefined
}
