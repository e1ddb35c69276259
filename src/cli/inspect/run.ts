import { join, relative } from 'node:path'
import { connect, type Session } from '../../bridge'
import { certifyFromCounts } from '../../certification/statistics'
import { parseUnknownConfig, type RunConfigInput } from '../../config/schema'
import type { ImageSize } from '../../config/sources/image-size'
import { ConfigError } from '../../errors'
import { exists, isFile } from '../../files/exists'
import { given } from '../../files/given'
import { wrapWords } from '../../files/wrap-words'
import { radiusOf } from '../../logs/outcome'
import { noiseScheduleOf } from '../../smoothing/denoise'
import { sigmaRange } from '../../smoothing/noise-level'
import { notesOnSigma } from '../../smoothing/notes'
import { gaussianBound } from '../../statistics/bound'
import { print, printData, printPath } from '../../terminal/print'
import { loadingLine } from '../../terminal/progress'
import { type Inspected, inspectPath } from '../../torch'
import { shellWord } from '../shell-word'
import { writeOutput } from '../write-output'
import { describeFound, describeRunFolder } from './describe'
import { findInputRange } from './input-range'
import { type Found, proposeConfiguration } from './own-configuration'
import { inspectRun, testFilesOf } from './run-folder'

export interface InspectOptions {
  readonly architecture?: string
  readonly sigma?: number
  readonly radius?: number
  readonly tuning?: 'lora' | 'full'
  readonly imageSize?: ImageSize
  readonly runFolder?: string
  readonly write?: string
  /** Prints the files of the test images of a run, and nothing else. */
  readonly testFiles?: boolean
  readonly json?: boolean
  readonly python?: string
}

/** Default σ, if neither σ nor a radius is given. */
const SIGMA = 0.25
/** With nearly all votes for one class, certified radii are about twice σ. */
const RADIUS_PER_SIGMA = 2

/** A certification that takes minutes, to show that everything works. */
const SHORT = '--images over-classes:12 --adaptive --n 1000'

/** `ft-cadis inspect`: describes the paths, and writes a configuration for them. */
export async function inspect(paths: readonly string[], options: InspectOptions): Promise<void> {
  const { write, json = false, radius, architecture, python } = options
  const runs = await runsAmong(paths)
  if (options.testFiles === true) return printTestFiles(paths, { runs, python })
  if (runs.length > 0) {
    if (runs.length < paths.length || write !== undefined) throw runsAlone(runs)
    const described = await Promise.all(runs.map(async path => ({ path, found: await inspectRun(path) })))
    if (json) return printData(JSON.stringify({ found: described }, null, 2))
    return print(described.map(({ path, found }) => describeRunFolder(path, found)).join('\n\n'))
  }
  const sigma = options.sigma ?? (radius === undefined ? SIGMA : radius / RADIUS_PER_SIGMA)
  if (write !== undefined && (await exists(write))) {
    throw new ConfigError(`${write} is there already.`, { remedy: 'Name another file, or remove it.' })
  }
  using starting = loadingLine({ isShown: !json })
  starting.show('starting Python and PyTorch')
  await using session = await connect({ python, device: 'cpu' })
  const inspected: { readonly path: string; readonly found: Inspected }[] = []
  for (const path of paths) {
    starting.show(`looking at ${path}`)
    const found = await inspectPath(session, path, given({ architecture }))
    inspected.push({ path, found })
  }
  starting.end()
  if (!json) print(inspected.map(({ path, found }) => describeFound(path, found)).join('\n\n'))
  const found = sortOut(inspected)
  const proposal =
    found.images === undefined || !loads(found)
      ? undefined
      : await propose(session, found, { ...options, sigma, isTold: !json })
  if (json) {
    printData(JSON.stringify({ found: inspected, ...proposal }, null, 2))
  } else if (proposal !== undefined) {
    print(
      ['', 'Together', ...proposal.lines.map(line => `  ${wrapWords(line, { indent: '    ' })}`)].join('\n'),
    )
  }
  if (write === undefined) return
  if (proposal === undefined) throw incomplete(found)
  parseUnknownConfig(proposal.settings)
  await writeOutput(write, `${JSON.stringify(proposal.settings, null, 2)}\n`)
  if (!json) print(nextSteps(write, proposal.settings, { isUnsplit: found.images?.said.unsplit === true }))
}

/** Returns the paths that are run folders. */
async function runsAmong(paths: readonly string[]): Promise<string[]> {
  const isRun = await Promise.all(paths.map(path => isFile(join(path, 'state.json'))))
  return paths.filter((_, place) => isRun[place])
}

function runsAlone([run = '']: readonly string[]): ConfigError {
  return new ConfigError(`${run} is a run, which has its configuration already.`, {
    remedy: `Name runs alone; npx ft-cadis certify ${shellWord(run)} certifies it.`,
  })
}

async function printTestFiles(
  paths: readonly string[],
  { runs, python }: { readonly runs: readonly string[]; readonly python: string | undefined },
): Promise<void> {
  const [run] = runs
  if (run === undefined || paths.length > 1) {
    throw new ConfigError(`--test-files: expected one run folder, got ${paths.join(', ')}.`, {
      remedy: 'Name the folder of one run, which `ft-cadis runs` lists.',
    })
  }
  await using session = await connect({ python, device: 'cpu' })
  for (const file of await testFilesOf(session, run)) {
    const fromHere = relative(process.cwd(), file)
    printPath(fromHere.length < file.length ? fromHere : file)
  }
}

/** Picks one finding of each kind. */
function sortOut(inspected: readonly { readonly path: string; readonly found: Inspected }[]): Found {
  const kinds = inspected.map(({ found }) => found.kind)
  const twice = kinds.find((kind, place) => kind !== 'unknown' && kinds.indexOf(kind) < place)
  if (twice !== undefined) {
    const named = inspected.filter(({ found }) => found.kind === twice).map(({ path }) => path)
    throw new ConfigError(
      `${named.join(' and ')} are ${twice === 'images' ? 'folders of images' : `${twice}s`}, expected one.`,
      {
        remedy: 'Name one of each kind: images, classifier, denoiser, adapters.',
      },
    )
  }
  const first = inspected.find(({ found }) => found.kind === 'images')
  const weights = (kind: string) =>
    inspected.flatMap(({ found }) => (found.kind === kind && found.kind !== 'images' ? [found] : []))[0]
  return {
    images: first?.found.kind === 'images' ? { path: first.path, said: first.found } : undefined,
    classifier: weights('classifier'),
    denoiser: weights('denoiser'),
    adapter: weights('adapter'),
  }
}

function loads(found: Found): found is Found & Required<Pick<Found, 'images' | 'classifier'>> {
  return found.images !== undefined && found.classifier !== undefined && found.classifier.settings !== null
}

interface Proposed {
  readonly settings: RunConfigInput
  readonly lines: readonly string[]
}

async function propose(
  session: Session,
  found: Found & Required<Pick<Found, 'images' | 'classifier'>>,
  {
    sigma,
    isTold,
    runFolder = join('runs', 'own'),
    ...choices
  }: Pick<InspectOptions, 'tuning' | 'imageSize' | 'runFolder'> & {
    readonly sigma: number
    readonly isTold: boolean
  },
): Promise<Proposed> {
  const { settings, notes } = proposeConfiguration(found, { ...choices, sigma, output: runFolder })
  const lines = notes.map(note => `note: ${note}`)
  const radius = radiusOf(
    certifyFromCounts([100, 0], [10_000, 0], { alpha: 0.001, bound: gaussianBound(sigma) }),
  ).toFixed(2)
  lines.push(
    `σ ${sigma} certifies radii up to ${radius} with n = 10,000, mostly about ${(RADIUS_PER_SIGMA * sigma).toFixed(2)}; for a radius r choose σ of r / 2 (--radius)`,
  )
  lines.push(...notesOnSigma({ sigma }).map(note => `note: ${note}`))
  if (found.denoiser?.schedule !== undefined) {
    const { smallest, largest } = sigmaRange(noiseScheduleOf({ schedule: found.denoiser.schedule as never }))
    if (sigma < smallest || sigma > largest) {
      lines.push(
        `note: σ ${sigma} is outside of what the denoiser knows, ${smallest.toPrecision(2)} to ${largest.toPrecision(3)}`,
      )
    }
  } else if (found.denoiser === undefined) {
    lines.push(
      'note: without a denoiser the classifier sees the noise itself: only one that was trained on noisy images stands that. docs/certify-your-own-classifier.md says which denoiser fits',
    )
  }
  const { classifier, data } = settings
  if ('testShare' in data && data.testShare !== undefined) {
    lines.push(
      `training holds out ${(100 * data.testShare).toFixed(0)} % of each class (data.testShare), and certify takes these`,
    )
  }
  if (found.classifier?.random !== null || classifier.numClasses !== undefined) return { settings, lines }
  using looking = loadingLine({ isShown: isTold })
  looking.show('looking at clean test images')
  const { range, measured, sanity } = await findInputRange(session, settings, found.classifier?.ranges ?? [])
  looking.end()
  for (const { accuracy, inputs, range: tried } of measured) {
    const isTaken = JSON.stringify(tried) === JSON.stringify(range)
    lines.push(
      `clean accuracy ${(100 * accuracy).toFixed(0)} % of ${sanity.images} images with ${inputs}${isTaken && measured.length > 1 ? '; used in the configuration' : ''}`,
    )
  }
  if (sanity.note !== null) lines.push(`note: ${sanity.note}`)
  return {
    settings: { ...settings, data, classifier: { ...classifier, inputRange: range as 'symmetric' } },
    lines,
  }
}

function incomplete({ images, classifier }: Found): ConfigError {
  const missing = [
    ...(images === undefined ? ['a folder of images'] : []),
    ...(classifier === undefined ? ['the weights of a classifier'] : []),
  ]
  return new ConfigError(`A configuration needs ${missing.join(' and ')}, which none of the paths is.`, {
    remedy:
      'Name them all in one command: npx ft-cadis inspect photos model.pth denoiser --write config.json',
  })
}

function nextSteps(
  file: string,
  { data, classifier, smoothing, output }: RunConfigInput,
  { isUnsplit }: { readonly isUnsplit: boolean },
): string {
  const holdsOut = isUnsplit && !('testShare' in data && data.testShare !== undefined)
  const isTrainable = smoothing.denoiser.source !== 'none'
  // A new head has random weights.
  const asItIs =
    classifier.numClasses === undefined
      ? [
          `written: ${file}. Certify it as it is:`,
          `  npx ft-cadis certify --config ${shellWord(file)} ${SHORT}`,
        ]
      : [`written: ${file}.`]
  return [
    ...asItIs,
    `${isTrainable ? 'Fine-tune it for its denoiser' : 'Fine-tune it on noisy images'}, and certify that:`,
    `  npx ft-cadis train --config ${shellWord(file)}${holdsOut ? ' --set data.testShare=0.2' : ''}`,
    `  npx ft-cadis certify ${shellWord(output)} ${SHORT}`,
  ].join('\n')
}
