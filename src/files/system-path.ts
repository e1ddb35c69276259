/**
 * A path for system calls. File names are bytes, which need not be UTF-8. In text, an invalid byte is the lone surrogate
 * U+DC00 plus the byte, as in Python (PEP 383).
 */
export type SystemPath = string | Buffer

const BYTES = 0xdc00
const LONE = /(?<![\uD800-\uDBFF])[\uDC80-\uDCFF]/

/** Returns the text for the bytes of a name. */
export function pathText(bytes: Buffer): string {
  const text = bytes.toString('utf8')
  if (Buffer.from(text).equals(bytes)) return text
  let result = ''
  for (let place = 0; place < bytes.length; ) {
    const length = [1, 2, 3, 4].find(count => isCharacter(bytes.subarray(place, place + count)))
    result +=
      length === undefined
        ? String.fromCharCode(BYTES + (bytes[place] as number))
        : bytes.toString('utf8', place, place + length)
    place += length ?? 1
  }
  return result
}

/** Returns the path for Node's file functions. */
export function systemPath(text: string): SystemPath {
  if (!LONE.test(text)) return text
  return Buffer.concat(
    Array.from(text, character => {
      const code = character.codePointAt(0) as number
      return code >= BYTES + 0x80 && code <= BYTES + 0xff ? Buffer.of(code - BYTES) : Buffer.from(character)
    }),
  )
}

/** Returns the path for messages and tables: a byte that is not UTF-8 as `\xe9`. */
export function shownPath(text: string): string {
  return text.replace(
    new RegExp(LONE, 'g'),
    character => `\\x${(character.charCodeAt(0) - BYTES).toString(16)}`,
  )
}

function isCharacter(bytes: Buffer): boolean {
  const text = bytes.toString('utf8')
  return [...text].length === 1 && text !== '\uFFFD' && Buffer.from(text).equals(bytes)
}
