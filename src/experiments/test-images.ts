import { createHash } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import type { Session } from '../bridge'
import { chooseImages } from '../certification/choose-images'
import { readJson } from '../files/read-json'
import { writeWhole } from '../files/write'
import { datasetSpec } from '../smoothing/specs'
import { openDataset } from '../torch'
import type { ResolvedArm } from './arms'

const positions = z.array(z.int().nonnegative())

/**
 * Returns the test images of an arm's certification, if they follow without reading the data or were chosen before; else undefined.
 *
 * @throws DataError if the earlier choice is damaged
 */
export async function testImagesOf(
  { config }: Pick<ResolvedArm, 'config'>,
  output: string,
): Promise<readonly number[] | undefined> {
  const { images } = config.certification
  if (images !== 'all' && 'first' in images) return Array.from({ length: images.first }, (_, index) => index)
  if (images !== 'all' && 'indices' in images) return images.indices
  return readJson(choicePath({ config }, output), { schema: positions })
}

/** Chooses the test images of an arm, and writes their positions for {@link testImagesOf}. */
export async function chooseTestImages(
  session: Session,
  { config }: Pick<ResolvedArm, 'config'>,
  output: string,
): Promise<void> {
  const dataset = await openDataset(session, datasetSpec(config.data, 'test'))
  const indices = await chooseImages(dataset, config.certification)
  session.free(dataset)
  const path = choicePath({ config }, output)
  await mkdir(dirname(path), { recursive: true })
  await writeWhole(path, JSON.stringify(indices))
}

function choicePath({ config }: Pick<ResolvedArm, 'config'>, output: string): string {
  const { images, seed } = config.certification
  const hash = createHash('sha256')
    .update(JSON.stringify([config.data, images, seed]))
    .digest('hex')
  return join(output, 'test-images', `${hash.slice(0, 10)}.json`)
}
