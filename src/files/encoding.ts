/** How the text of a file is written. A mark is that of its first bytes, which belongs to no text. */
export type Encoding = 'UTF-8' | 'UTF-8 with a mark' | 'UTF-16 (little-endian)' | 'UTF-16 (big-endian)'

const LABELS: Readonly<Record<Encoding, string>> = {
  'UTF-8': 'utf-8',
  'UTF-8 with a mark': 'utf-8',
  'UTF-16 (little-endian)': 'utf-16le',
  'UTF-16 (big-endian)': 'utf-16be',
}

/** The encoding that the first bytes of a file say: by their mark, or by the zeros that UTF-16 has beside plain letters. */
export function encodingOf(start: Uint8Array): Encoding {
  const [first, second, third] = start
  if (first === 0xef && second === 0xbb && third === 0xbf) return 'UTF-8 with a mark'
  if (first === 0xff && second === 0xfe) return 'UTF-16 (little-endian)'
  if (first === 0xfe && second === 0xff) return 'UTF-16 (big-endian)'
  if (start.length >= 2 && first !== 0 && second === 0) return 'UTF-16 (little-endian)'
  if (start.length >= 2 && first === 0 && second !== 0) return 'UTF-16 (big-endian)'
  return 'UTF-8'
}

/** A decoder that leaves out the mark and throws a TypeError for bytes that are not such text. */
export function textDecoder(encoding: Encoding): InstanceType<typeof TextDecoder> {
  return new TextDecoder(LABELS[encoding], { fatal: true })
}
