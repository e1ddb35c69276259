import { describeSize } from '../../config/sources/image-size'
import { wrapWords } from '../../files/wrap-words'
import { noiseScheduleOf } from '../../smoothing/denoise'
import { sigmaRange } from '../../smoothing/noise-level'
import type { Inspected, InspectedImages, InspectedSplit, InspectedWeights } from '../../torch'
import { whole } from '../train/format'
import type { InspectedRun } from './run-folder'

/** The largest number of classes listed by name. */
const LISTED = 12
/** Columns of the names of facts. */
const NAME_WIDTH = 11

/** Describes the content of a path for people. */
export function describeFound(path: string, found: Inspected): string {
  return found.kind === 'images'
    ? describe(path, { what: 'a folder of images', facts: ofImages(found), notes: found.notes })
    : describe(path, { what: found.what, facts: ofWeights(found), notes: found.notes })
}

/** Describes a run for people, with the commands that take it. */
export function describeRunFolder(path: string, run: InspectedRun): string {
  const described = describe(path, { what: 'a run of this package', facts: ofRun(run), notes: [] })
  return [described, ...run.next.map(line => `  ${line}`)].join('\n')
}

function describe(
  path: string,
  {
    what,
    facts,
    notes,
  }: { readonly what: string; readonly facts: readonly Fact[]; readonly notes: readonly string[] },
): string {
  const lines = [
    ...facts.map(
      ([name, text]) =>
        `  ${name.padEnd(NAME_WIDTH)} ${wrapWords(text, { indent: ' '.repeat(NAME_WIDTH + 3) })}`,
    ),
    ...notes.map(note => `  ${wrapWords(`note: ${note}`, { indent: '    ' })}`),
  ]
  return [`${path}: ${what}`, ...lines].join('\n')
}

function ofRun(run: InspectedRun): Fact[] {
  const { method, state, epoch, epochs, sigma, denoiser, classifier, data, classes, images, logs } = run
  return [
    ['method', method],
    ['state', `${state}, epoch ${epoch} of ${epochs}`],
    ['sigma', String(sigma)],
    ['denoiser', denoiser],
    ['classifier', classifier],
    ['data', data],
    ...(classes === null ? [] : [['classes', firstOf(classes)] as const]),
    ...(images === null
      ? []
      : [['images', `${whole(images.train)} for training, ${whole(images.test)} for tests`] as const]),
    ['certified', logs.length === 0 ? 'not yet' : logs.join(', ')],
  ]
}

type Fact = readonly [name: string, text: string]

function ofImages({ splits, unsplit }: InspectedImages): Fact[] {
  const parts = Object.entries(splits) as [string, InspectedSplit][]
  const [[, first]] = parts as [[string, InspectedSplit]]
  return [
    ['classes', `${first.classes.length}, in this order: ${listed(first)}`],
    ...parts.flatMap(([name, split]) => ofSplit(unsplit ? 'images' : name, split)),
    ...(unsplit
      ? [['splits', 'none: no train and test above the classes; data.testShare separates them'] as const]
      : []),
  ]
}

function ofSplit(name: string, split: InspectedSplit): Fact[] {
  const { images, sides, notSquare, grey, decoded, unreadableCount, unreadable, notes } = split
  const of = decoded === images ? '' : ` (of ${decoded} looked at)`
  const shapes = sides === null ? 'none decodes' : `shorter side ${sides.smallest} to ${sides.largest} pixels`
  const median = sides === null ? '' : `, median ${sides.median}`
  return [
    [name, `${whole(images)}; ${shapes}${median}; ${notSquare} not square, ${grey} grey${of}`],
    ...(unreadableCount === 0
      ? []
      : [['unreadable', `${unreadableCount} of ${decoded}: ${unreadable.join('; ')}`] as const]),
    ...notes.map(note => ['note', note] as const),
  ]
}

function listed({ classes, counts }: InspectedSplit): string {
  return firstOf(classes.map((name, label) => `${name} (${counts[label]})`))
}

function firstOf(texts: readonly string[]): string {
  const others = texts.length > LISTED ? [`and ${texts.length - LISTED} more`] : []
  return [...texts.slice(0, LISTED), ...others].join(', ')
}

function ofWeights(found: InspectedWeights): Fact[] {
  const { parameters, classes, names, channels, imageSize, isFixedSize, ranges, random } = found
  const { schedule, rank, layers, base } = found
  const sigma =
    schedule === undefined ? undefined : sigmaRange(noiseScheduleOf({ schedule: { ...schedule } as never }))
  const facts: (Fact | null)[] = [
    has(parameters) ? ['parameters', whole(parameters)] : null,
    has(classes)
      ? ['head', `${whole(classes)} classes${has(names) ? `: ${firstOf(names)}` : ', without names'}`]
      : null,
    has(random) ? ['random', `the ${random} has random weights`] : null,
    has(channels) || has(imageSize)
      ? [
          'images',
          `${channels ?? '?'} channel${channels === 1 ? '' : 's'}${has(imageSize) ? `, ${isFixedSize === false ? `trained at ${describeSize(imageSize)}; accepts other sizes` : describeSize(imageSize)}` : ''}`,
        ]
      : null,
    ...(ranges ?? []).map(
      ({ mean, std, from }) =>
        ['inputs', `mean [${mean.join(', ')}], std [${std.join(', ')}], according to ${from}`] as const,
    ),
    sigma === undefined
      ? null
      : [
          'sigma',
          `${sigma.smallest.toPrecision(2)} to ${sigma.largest.toPrecision(3)}, ${schedule?.steps} timesteps`,
        ],
    has(rank) ? ['rank', String(rank)] : null,
    has(layers) ? ['layers', layers.join(', ')] : null,
    has(base) ? ['network', base] : null,
  ]
  return facts.filter(fact => fact !== null)
}

function has<T>(value: T | null | undefined): value is T {
  return value !== null && value !== undefined
}
