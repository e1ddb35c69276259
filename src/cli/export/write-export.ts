import { readdir } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { isFolder } from '../../files/exists'
import { fileHash } from '../../files/hash'
import { packageVersion } from '../../files/package-version'
import { writeWhole } from '../../files/write'
import { print, printLine } from '../../terminal/print'
import { type ModelCard, modelCard } from './model-card'
import { type ExportKind, pythonSnippet } from './snippets'
import { writeNewFolder } from './targets'

export interface ExportDetails
  extends Omit<ModelCard, 'kind' | 'files' | 'snippet' | 'version' | 'baseModel'> {
  readonly imageShape: readonly number[]
  /** Printed difference between the graph and torch. */
  readonly remark?: () => string
}

/** Writes a folder with its card, and prints how to load it. */
export async function writeExport(
  kind: ExportKind,
  target: string,
  { imageShape, remark = () => '', ...about }: ExportDetails,
  write: (folder: string) => Promise<void>,
): Promise<void> {
  const { known } = about
  const { classifier, smoothing } = known.config
  const { path } = { path: undefined, ...classifier }
  const level = known.noise?.realisedSigma ?? smoothing.sigma
  const snippet = (folder: string, own = classifier) =>
    pythonSnippet({
      ...{ kind, folder, classifier: own, imageShape, realisedSigma: level },
      hasDenoiser: smoothing.denoiser.source !== 'none',
      ...{ isBaseFolder: path !== undefined && isLocal, classes: known.classes?.length },
    })
  const isLocal = path !== undefined && (await isFolder(path))
  const hub = Object(known.weights?.classifier).hub
  await writeNewFolder(target, async unfinished => {
    await write(unfinished)
    const names = (await readdir(unfinished)).sort()
    const files = await Promise.all(
      names.map(async name => [name, await fileHash(join(unfinished, name))] as const),
    )
    const published = path === undefined ? classifier : { ...classifier, path: basename(path) }
    const card = modelCard({
      ...{ ...about, kind, files: Object.fromEntries(files), version: packageVersion() },
      ...{ baseModel: typeof hub === 'string' ? hub : undefined },
      snippet: snippet(basename(resolve(target)), published as typeof classifier),
    })
    await writeWhole(join(unfinished, CARD), card)
  })
  printLine(`${about.name}: ${WRITTEN[kind]} written to ${target}${remark()}`)
  printLine(`model card: ${join(target, CARD)}`)
  print(`\n${snippet(resolve(target))}\n`)
}

const CARD = 'README.md'

const WRITTEN: Readonly<Record<ExportKind, string>> = {
  merged: 'merged network',
  adapter: 'adapters',
  onnx: 'graph of ONNX',
}
