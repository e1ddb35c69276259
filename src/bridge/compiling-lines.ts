/** Lines that Python prints when torch starts and finishes compiling a network; `compilation.py` prints them. */
const LINES: Readonly<Record<string, boolean>> = {
  '\u001eft-cadis: compiling': true,
  '\u001eft-cadis: compiled': false,
}

/** Returns whether a line of Python's output says that torch is now compiling, or no longer is; undefined for all other lines. */
export function saysCompiling(line: string): boolean | undefined {
  return Object.hasOwn(LINES, line) ? LINES[line] : undefined
}
