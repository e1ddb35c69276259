import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Session } from '../../src/bridge'
import { encodePng, tensor } from '../../src/torch'

/** The side of the images, and what a data set of them is opened with. */
const SIDE = 8
export const folderSpec = (path: string) => ({
  source: 'folder',
  split: 'train',
  path,
  imageSize: SIDE,
  resizeSize: SIDE,
})

/** Writes `<path>/train/<class>/<number>.png`, each image of one grey; returns the files' paths in order. */
export async function makeImageFolder(
  session: Session,
  path: string,
  { classes, images }: { classes: readonly string[]; images: number },
): Promise<string[]> {
  const greys = Array.from(
    { length: classes.length * images },
    (_, index) => index / (classes.length * images),
  )
  const files = await session.compute(() => {
    const pixels = greys.map(grey => [
      Array.from({ length: SIDE }, () => Array<number>(SIDE).fill(2 * grey - 1)),
    ])
    return encodePng(tensor(session, pixels, { axes: 'NCHW' }))
  })
  const paths = files.map((_, index) =>
    join(
      path,
      'train',
      classes[Math.floor(index / images)] ?? '',
      `${String(index % images).padStart(3, '0')}.png`,
    ),
  )
  for (const name of classes) await mkdir(join(path, 'train', name), { recursive: true })
  await Promise.all(files.map((file, index) => writeFile(paths[index] ?? '', file, 'base64')))
  return paths
}
