/** The encoding of a text file. A mark is the byte order mark, which is not part of the text. */
export type Encoding = 'UTF-8' | 'UTF-8 with a mark' | 'UTF-16 (little-endian)' | 'UTF-16 (big-endian)'

const LABELS: Readonly<Record<Encoding, string>> = {
  'UTF-8': 'utf-8',
  'UTF-8 with a mark': 'utf-8',
  'UTF-16 (little-endian)': 'utf-16le',
  'UTF-16 (big-endian)': 'utf-16be',
}

/** Detects the encoding from the first bytes of a file: by its mark, or by the zeros of UTF-16 next to ASCII letters. */
export function encodingOf(start: Uint8Array): Encoding {
  const [first, second, third] = start
  if (first === 0xef && second === 0xbb && third === 0xbf) return 'UTF-8 with a mark'
  if (first === 0xff && second === 0xfe) return 'UTF-16 (little-endian)'
  if (first === 0xfe && second === 0xff) return 'UTF-16 (big-endian)'
  if (start.length >= 2 && first !== 0 && second === 0) return 'UTF-16 (little-endian)'
  if (start.length >= 2 && first === 0 && second !== 0) return 'UTF-16 (big-endian)'
  return 'UTF-8'
}

/** Returns a decoder that strips the mark and throws a TypeError for invalid bytes. */
export function textDecoder(encoding: Encoding): InstanceType<typeof TextDecoder> {
  return new TextDecoder(LABELS[encoding], { fatal: true })
}
