import { connect, type Session, torch } from '../../../src'
import { folderSpec, makeImageFolder } from '../image-folder'

/** Tells the test something, as one line of JSON. */
export const say = (what: unknown) => process.stdout.write(`${JSON.stringify(what)}\n`)

/** What the programs with worker processes begin with: a session, and the labels of the next batch of two images. */
export async function startWithWorkers(
  folder: string,
): Promise<{ session: Session; nextLabels: () => Promise<number[]> }> {
  const session = await connect({ device: 'cpu', threads: 1 })
  await makeImageFolder(session, folder, { classes: ['a', 'b'], images: 4 })
  const dataset = await torch.openDataset(session, folderSpec(folder))
  const options = { batchSize: 2, seed: 0, shuffle: false, dropLast: false, workers: 2 }
  const loader = await torch.makeLoader(dataset, options)
  loader.start(0)
  return { session, nextLabels: () => session.compute(() => loader.nextBatch().labels_B) }
}
