import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'

const SIDE = 28
const CLASSES = 10

/** Writes the four idx files of MNIST with random pixels and labels. */
export async function writeRandomImages(
  folder: string,
  counts: { readonly train: number; readonly test: number },
): Promise<void> {
  for (const [split, count] of [
    ['train', counts.train],
    ['t10k', counts.test],
  ] as const) {
    await writeFile(
      join(folder, `${split}-images-idx3-ubyte`),
      idx([count, SIDE, SIDE], randomBytes(count * SIDE * SIDE)),
    )
    await writeFile(
      join(folder, `${split}-labels-idx1-ubyte`),
      idx([count], Buffer.from(Array.from({ length: count }, (_, image) => image % CLASSES))),
    )
  }
}

/** Bytes as an idx file. */
function idx(sizes: readonly number[], bytes: Buffer): Buffer {
  const header = Buffer.alloc(4 + 4 * sizes.length)
  header.set([0, 0, 8, sizes.length])
  for (const [place, size] of sizes.entries()) header.writeUInt32BE(size, 4 + 4 * place)
  return Buffer.concat([header, bytes])
}
