import { describeSize } from '../../config/sources/image-size'
import { noiseScheduleOf } from '../../smoothing/denoise'
import { sigmaRange } from '../../smoothing/noise-level'
import type { Inspected, InspectedImages, InspectedSplit, InspectedWeights } from '../../torch'
import { whole } from '../train/format'

/** The largest number of classes listed by name. */
const LISTED = 12

/** Describes the content of a path for people. */
export function describeFound(path: string, found: Inspected): string {
  const [what, facts] =
    found.kind === 'images' ? ['a folder of images', ofImages(found)] : [found.what, ofWeights(found)]
  const lines = [
    ...facts.map(([name, text]) => `  ${name.padEnd(11)} ${text}`),
    ...found.notes.map(note => `  note: ${note}`),
  ]
  return [`${path}: ${what}`, ...lines].join('\n')
}

type Fact = readonly [name: string, text: string]

function ofImages({ splits, unsplit }: InspectedImages): Fact[] {
  const parts = Object.entries(splits) as [string, InspectedSplit][]
  const [[, first]] = parts as [[string, InspectedSplit]]
  return [
    ['classes', `${first.classes.length}, in this order: ${listed(first)}`],
    ...parts.flatMap(([name, split]) => ofSplit(unsplit ? 'images' : name, split)),
    ...(unsplit
      ? [['splits', 'none: no train and test above the classes, all images are test images'] as const]
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
  const shown = classes.slice(0, LISTED).map((name, label) => `${name} (${counts[label]})`)
  return [...shown, ...(classes.length > LISTED ? [`and ${classes.length - LISTED} more`] : [])].join(', ')
}

function ofWeights(found: InspectedWeights): Fact[] {
  const { parameters, classes, names, channels, imageSize, isFixedSize, ranges, random } = found
  const { schedule, rank, layers, base } = found
  const sigma =
    schedule === undefined ? undefined : sigmaRange(noiseScheduleOf({ schedule: { ...schedule } as never }))
  const facts: (Fact | null)[] = [
    has(parameters) ? ['parameters', whole(parameters)] : null,
    has(classes)
      ? [
          'head',
          `${whole(classes)} classes${has(names) ? `: ${names.slice(0, LISTED).join(', ')}${names.length > LISTED ? ', …' : ''}` : ', without names'}`,
        ]
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
