import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** An image of 8x8 pixels of one grey as a PPM file: every image has as many bytes. */
export function greyImage(grey: number): Buffer {
  return Buffer.concat([Buffer.from('P6 8 8 255\n'), Buffer.alloc(3 * 64, grey)])
}

/** Writes `<path>/<split>/<class>/<number>.ppm`: this many images of each class, of the class's grey and lighter. */
export async function writeGreyImages(
  path: string,
  classes: Readonly<Record<string, number>>,
  { images = 4, splits = ['train', 'val'] }: { images?: number; splits?: readonly string[] } = {},
): Promise<void> {
  for (const split of splits) {
    for (const [name, grey] of Object.entries(classes)) {
      await mkdir(join(path, split, name), { recursive: true })
      for (let number = 0; number < images; number += 1) {
        await writeFile(join(path, split, name, `${number}.ppm`), greyImage(grey + number))
      }
    }
  }
}

/** Settings for such images: a network of Python under plain noise. */
export function greySettings(
  path: string,
  { classes = 2, data = {} }: { classes?: number; data?: object } = {},
) {
  return {
    smoothing: { sigma: 0.25, denoiser: { source: 'none' as const } },
    classifier: {
      source: 'python' as const,
      file: join(__dirname, 'brightness_network.py'),
      factory: 'make',
      arguments: { classes },
    },
    data: {
      source: 'folder' as const,
      path,
      imageSize: 8,
      resizeSize: 8,
      workers: 0,
      augment: false,
      ...data,
    },
  }
}
