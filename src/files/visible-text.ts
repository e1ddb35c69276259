/**
 * Characters that control a terminal or the direction of text: control characters, line separators, halves of surrogate
 * pairs.
 */
const STEERING = /[\p{Cc}\p{Cs}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu

/**
 * Escapes control characters for display on a terminal, as `\x1b`, `\u202e`. A name or a message could otherwise set the
 * title of the window, clear the screen, or overwrite lines. Newlines and tabs stay.
 */
export function visibleText(text: string): string {
  return text
    .replaceAll('\r\n', '\n')
    .replace(STEERING, character => (/[\n\t]/.test(character) ? character : escaped(character)))
}

/** Like {@link visibleText}, but on one line: for a name in a table. */
export function visibleLine(text: string): string {
  return text.replace(STEERING, escaped)
}

/** Like {@link visibleText}, for a message: indents its further lines, so that no name in it looks like another message. */
export function visibleMessage(text: string): string {
  return visibleText(text).replace(/\n(?=\S)/g, '\n  ')
}

function escaped(character: string): string {
  if (character === '\n') return '\\n'
  if (character === '\t') return '\\t'
  if (character === '\r') return '\\r'
  const code = character.charCodeAt(0)
  return code < 0x100 ? `\\x${hex(code, 2)}` : `\\u${hex(code, 4)}`
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, '0')
}
