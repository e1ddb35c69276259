import { readdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { oneClassIn } from '../analysis/answer-notes'
import { renderTable, type Table } from '../analysis/tables'
import { connect } from '../bridge'
import { boundOf } from '../certification/guarantee'
import { type ImagePrediction, predict } from '../certification/predict'
import type { CertificationConfig } from '../config/schema'
import { ConfigError, DataError } from '../errors'
import { exists, isFolder } from '../files/exists'
import { pathText, shownPath, systemPath } from '../files/system-path'
import { isSmoothed } from '../runs/smoothed-of-folder'
import { requireFolder } from '../smoothing/require-folder'
import { NORM_TEXT } from '../statistics/bound'
import { predictionProgress } from '../terminal/prediction-progress'
import { print, printData, say } from '../terminal/print'
import { loadingLine } from '../terminal/progress'
import type { SmoothedOptions } from './certification-options'
import { predictionDocument } from './documents/prediction'
import { endPythonWhenAborted } from './end-python'
import { interruptible } from './interruption'
import type { RouterOptions } from './routed/options'
import { namedSource } from './routed/source'

export interface PredictCommandOptions extends SmoothedOptions, RouterOptions {
  readonly model?: string
  readonly json?: boolean
  readonly csv?: boolean
}

/** Files that Python decodes, see `data/image_decoding.py`. Hidden files, such as those of macOS, are excluded. */
const IMAGE_NAME = /^[^.].*\.(jpe?g|jpe|jfif|png|webp|bmp|gif|tiff?|p[gpbn]m)$/is

/** `ft-cadis predict`: classifies image files and prints the predictions. */
export async function runPrediction(
  named: readonly string[],
  { json = false, csv = false, ...others }: PredictCommandOptions,
): Promise<void> {
  const { model, paths, ...options } = await withModel(named, others)
  // Nothing is written, so settings need no output.
  const source = await namedSource(model, { ...options, output: 'predictions', folderOption: '--model' })
  const { device, threads, smoothing, certification } = source.config
  const files = (await Promise.all(paths.map(imageFiles))).flat()
  const predictions = await interruptible('nothing is printed', async signal => {
    using starting = loadingLine({ isShown: true })
    starting.show('starting Python and PyTorch')
    await using session = await connect({ python: options.python, device, threads })
    starting.end()
    endPythonWhenAborted(session, signal)
    const { n0, n } = certification
    const progress = predictionProgress({ images: files.length, copiesPerImage: n0 + n })
    using _compiling = session.watchCompiling(progress.onCompiling)
    try {
      return await predict(session, source, {
        ...{ files, signal, onImage: progress.image, onCopies: progress.copies },
        onNote: note => say(note),
      })
    } finally {
      progress.end()
    }
  })
  const said = { ...smoothing, ...certification }
  if (json) printData(JSON.stringify(predictionDocument(source.config, predictions), null, 2))
  else if (csv) printData(renderTable(tableOf(predictions, said), 'csv'))
  else {
    const shown = predictions.map(({ radius, ...others }) => ({ ...others, radius: roundedDown(radius) }))
    print(renderTable(tableOf(shown, said), 'terminal'))
    if (predictions.some(({ verdict }) => verdict === 'certified'))
      print('certified: the class is stable within the radius. It may still be wrong.')
    for (const note of oneClassNote(predictions)) say(note)
  }
}

/** That nearly all images got the same class. */
export function oneClassNote(predictions: readonly ImagePrediction[]): string[] {
  const answered = predictions.filter(({ verdict }) => verdict !== 'abstained')
  const most = oneClassIn(answered.map(({ prediction }) => prediction))
  if (most === undefined) return []
  const name = answered.find(({ prediction }) => prediction === most.answer)?.className ?? most.answer
  return [
    `note: ${most.count} of ${answered.length} answers are the class ${name}. If the images show several classes, the classifier hardly looks at them under this noise: fine-tune it, or lower sigma.`,
  ]
}

/** Separates the folder of the classifier from the images: the first path may be one if no option names a classifier. */
async function withModel(paths: readonly string[], options: PredictCommandOptions) {
  const [first = '', ...images] = paths
  const { model, config, preset, router } = options
  const isNamed = [model, config, preset, router].some(source => source !== undefined)
  if (isNamed) return { ...options, paths }
  if (!(await isSmoothed(first))) {
    // A name of an image is not a misspelt folder.
    if (!IMAGE_NAME.test(basename(first)) && !(await exists(first))) await requireFolder(first)
    return { ...options, paths }
  }
  if (images.length > 0) return { ...options, model: first, paths: images }
  throw new ConfigError(`${first} is a smoothed classifier, and no image is named after it.`, {
    remedy: 'Name image files, or folders of them, after it.',
  })
}

/** Returns the image files of a path: the file, or those in the folder, sorted by name. */
async function imageFiles(path: string): Promise<string[]> {
  // Missing files are reported together with all other unusable ones.
  if (!(await isFolder(path))) return [path]
  const files = (await imagesIn(path)).sort()
  if (files.length > 0) return files
  throw new DataError(`${path} has no image files.`, {
    remedy: 'Name files such as .png or .jpg, or a folder of them.',
  })
}

async function imagesIn(folder: string): Promise<string[]> {
  // Names are bytes: decoding would lose those that are not UTF-8.
  const entries = await readdir(systemPath(folder), { withFileTypes: true, encoding: 'buffer' })
  const found = entries.map(async entry => {
    const name = pathText(entry.name)
    if (entry.isDirectory() && !name.startsWith('.')) return imagesIn(join(folder, name))
    return IMAGE_NAME.test(name) && !entry.isDirectory() ? [join(folder, name)] : []
  })
  return (await Promise.all(found)).flat()
}

function tableOf(
  predictions: readonly ImagePrediction[],
  {
    sigma,
    n,
    alpha,
    noise,
    procedure,
  }: { readonly sigma: number } & Pick<CertificationConfig, 'n' | 'alpha' | 'noise' | 'procedure'>,
): Table {
  const norm = NORM_TEXT[boundOf(noise, sigma).norm]
  const sigmas = procedure.kind === 'router' ? procedure.sigmas.join(', ') : sigma
  return {
    caption: `Class, certified ${norm} radius for pixels in [0, 1] and p-value of the vote; σ = ${sigmas}, n = ${n}, α = ${alpha}`,
    columns: [
      { header: 'image' },
      { header: 'class' },
      { header: 'verdict' },
      { header: 'radius', digits: 4 },
      { header: 'p-value' },
      { header: 'votes' },
      { header: 'of' },
    ],
    rows: predictions.map(({ file, prediction, className, verdict, radius, pValue, topCount, n: of }) => [
      shownPath(file),
      verdict === 'abstained' ? null : (className ?? String(prediction)),
      verdict,
      verdict === 'certified' ? radius : null,
      pValue.toPrecision(2),
      topCount,
      of,
    ]),
  }
}

/** Rounds a radius down to four decimals, so that it never exceeds the certified one. */
function roundedDown(radius: number): number {
  return Math.floor(radius * 1e4) / 1e4
}
