/**
 * Generates the images of the tutorial: textured circles, squares and triangles before backgrounds with clutter, in class
 * folders. Colours, textures, places, sizes and turns say nothing about the class. The same seed gives the same files.
 *
 *     npx ts-node examples/photos/make-photos.ts --output photos
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Resvg } from '@resvg/resvg-js'
import { runProgram } from 'ft-cadis'

const CLASSES = ['circle', 'square', 'triangle'] as const
type Shape = (typeof CLASSES)[number]

/** Of five images of a class, four are for training. */
const TRAIN_SHARE = 0.8

/** Numbers in [0, 1) that follow from a seed: mulberry32. */
function randomNumbers(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** One image as a drawing of `size` by `size` pixels. */
function drawing(shape: Shape, size: number, random: () => number): string {
  const between = (least: number, most: number) => least + (most - least) * random()
  const pick = <T>(values: readonly [T, ...T[]]): T =>
    values[Math.floor(random() * values.length)] ?? values[0]
  const colour = (lightness: number) =>
    `hsl(${Math.round(between(0, 360))}, ${Math.round(between(10, 90))}%, ${Math.round(lightness)}%)`
  // The shape is lighter or darker than the background: which of both says nothing.
  const isLight = random() < 0.5
  const [shapeLightness, backLightness] = isLight
    ? [between(62, 88), between(12, 42)]
    : [between(12, 38), between(58, 88)]
  const texture = (id: string, lightness: number) => {
    const side = between(0.08, 0.22) * size
    const [first, second] = [colour(lightness), colour(lightness + between(-14, 14))]
    const mark = pick([
      `<rect width="${side / 2}" height="${side}" fill="${second}"/>`,
      `<circle cx="${side / 2}" cy="${side / 2}" r="${side / 4}" fill="${second}"/>`,
      `<path d="M0 0H${side / 2}V${side / 2}H${side}V${side}H${side / 2}V${side / 2}H0Z" fill="${second}"/>`,
      '',
    ])
    return `<pattern id="${id}" width="${side}" height="${side}" patternUnits="userSpaceOnUse" patternTransform="rotate(${between(0, 180)})"><rect width="${side}" height="${side}" fill="${first}"/>${mark}</pattern>`
  }
  const clutter = Array.from({ length: Math.floor(between(2, 6)) }, () => {
    const [x, y] = [between(0, size), between(0, size)]
    const stroke = `stroke="${colour(backLightness + between(-20, 20))}" stroke-width="${between(1, 4)}"`
    return `<line x1="${x}" y1="${y}" x2="${x + between(-size, size)}" y2="${y + between(-size, size)}" ${stroke}/>`
  }).join('')
  const radius = between(0.26, 0.4) * size
  const corners = { circle: 0, square: 4, triangle: 3 }[shape]
  const outline =
    corners === 0
      ? `<circle r="${radius}" fill="url(#shape)"/>`
      : `<polygon points="${Array.from({ length: corners }, (_, corner) => {
          const angle = (2 * Math.PI * corner) / corners
          return `${radius * 1.15 * Math.cos(angle)},${radius * 1.15 * Math.sin(angle)}`
        }).join(' ')}" fill="url(#shape)"/>`
  const place = `translate(${between(0.38, 0.62) * size} ${between(0.38, 0.62) * size}) rotate(${between(0, 360)}) scale(1 ${between(0.8, 1)})`
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${size}" height="${size}"><defs>${texture('back', backLightness)}${texture('shape', shapeLightness)}<filter id="grain" x="0" y="0" width="100%" height="100%"><feTurbulence type="fractalNoise" baseFrequency="${between(0.05, 0.5)}" numOctaves="2" seed="${Math.floor(between(0, 1e6))}"/><feColorMatrix values="0.33 0.33 0.33 0 0 0.33 0.33 0.33 0 0 0.33 0.33 0.33 0 0 0 0 0 0 ${between(0.05, 0.25)}"/></filter></defs><rect width="${size}" height="${size}" fill="url(#back)"/>${clutter}<g transform="${place}">${outline}</g><rect width="${size}" height="${size}" filter="url(#grain)"/></svg>`
}

const program = {
  name: 'make-photos',
  description: 'Generate images of circles, squares and triangles in class folders.',
  options: {
    output: { type: 'string', value: 'folder', description: 'where they are written', default: 'photos' },
    images: {
      type: 'number',
      description: 'images of all classes together; a fifth of them is for testing',
      min: 15,
      integer: true,
      default: 3000,
    },
    size: { type: 'number', description: 'pixels a side', min: 8, integer: true, default: 64 },
    seed: { type: 'number', description: 'seed of everything drawn', min: 0, integer: true, default: 0 },
  },
} as const

void runProgram(program, async ({ output, images, size, seed }) => {
  const perClass = Math.floor(images / CLASSES.length)
  const trained = Math.round(perClass * TRAIN_SHARE)
  for (const [label, shape] of CLASSES.entries()) {
    for (const split of ['train', 'test']) await mkdir(join(output, split, shape), { recursive: true })
    for (let image = 0; image < perClass; image += 1) {
      const random = randomNumbers(seed * 1_000_003 + label * 100_003 + image)
      const png = new Resvg(drawing(shape, size, random)).render().asPng()
      const split = image < trained ? 'train' : 'test'
      await writeFile(join(output, split, shape, `${String(image).padStart(4, '0')}.png`), png)
    }
  }
  console.log(
    `${trained * CLASSES.length} images for training and ${(perClass - trained) * CLASSES.length} for testing: ${output}`,
  )
})
