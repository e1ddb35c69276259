/**
 * The colours of Okabe and Ito (2008) that are visible on white and on near-black, distinguishable with the common colour blindnesses.
 * Dashes distinguish lines without colours, and when the colours repeat.
 */
const COLORS = ['#0072B2', '#D55E00', '#009E73', '#CC79A7', '#E69F00', '#56B4E9']
const DASHES = [[], [8, 3], [3, 2], [10, 3, 2, 3], [14, 4], [1, 3], [10, 2, 2, 2, 2, 2], [5, 5], [18, 3]]

/** From violet to yellow in even steps of lightness, like viridis, but without its ends, which are hard to see on near-black or white. */
const ORDERED = ['#5B4B9A', '#3F74B5', '#2A958F', '#5FAF5B', '#B5B13A']

/** The style of a line. */
export interface LineStyle {
  readonly color: string
  readonly dash: readonly number[]
}

/** Methods that many pages compare: each keeps its colour on all of them. */
const KNOWN_METHODS = [
  /^FT-CADIS$/,
  /^cross-entropy \(Eq\. 6\)$|^with fine-tuning \(Eq\. 6\)$|^Diffusion Denoised \+ fine-tuning$/,
  /^off-the-shelf$|^Diffusion Denoised(?: \(off-the-shelf\))?$/,
]

/**
 * Returns a style for each label: the method determines the colour, the noise level the dash, for labels that end in `, σ = 0.5`. If all
 * labels are values of one setting, `λ = 2`, their colours follow one scale in the order of the values.
 *
 * @param among - All labels of the page, for a chart of some of them: a method then has the same style in each chart.
 *
 * @example
 * lineStyles(['ours, σ = 0.25', 'ours, σ = 0.5', 'theirs, σ = 0.5']).map(({ color }) => color) // => ['#0072B2', '#0072B2', '#D55E00']
 */
export function lineStyles(labels: readonly string[], among: readonly string[] = labels): LineStyle[] {
  const all = [...new Set([...among, ...labels])]
  const styles = orderedStyles(all) ?? methodStyles(all)
  return labels.map(label => styles[all.indexOf(label)] as LineStyle)
}

function methodStyles(labels: readonly string[]): LineStyle[] {
  const parts = labels.map(partsOf)
  const places = placesOf([...new Set(parts.map(({ method }) => method))])
  const levels = [...new Set(parts.flatMap(({ level }) => level ?? []))].sort((a, b) => a - b)
  return parts.map(({ method, level }, position) => {
    const place = places.get(method) ?? 0
    const round = Math.floor(place / COLORS.length)
    const earlier = parts.slice(0, position).filter(other => other.method === method).length
    // Without noise levels to distinguish, dashes distinguish what colours do not.
    const dash =
      levels.length > 1
        ? levels.indexOf(level ?? Number.NaN) + levels.length * round
        : place + earlier * places.size
    return {
      color: COLORS[place % COLORS.length] ?? '',
      dash: DASHES[Math.max(0, dash) % DASHES.length] ?? [],
    }
  })
}

/** Known methods have fixed positions; the others take the remaining ones in order. */
function placesOf(methods: readonly string[]): Map<string, number> {
  const known = methods.map(method => KNOWN_METHODS.findIndex(pattern => pattern.test(method)))
  const isTaken = (place: number) => known.includes(place)
  let next = 0
  const places = new Map<string, number>()
  for (const [position, method] of methods.entries()) {
    const own = known[position] ?? -1
    if (own >= 0) {
      places.set(method, own)
      continue
    }
    while (isTaken(next)) next++
    places.set(method, next++)
  }
  return places
}

function partsOf(label: string): { readonly method: string; readonly level: number | undefined } {
  const [, method = label, level] = /^(.*), σ = (\d+(?:\.\d+)?)(?: \(.*\))*$/.exec(label) ?? []
  return { method, level: level === undefined ? undefined : Number(level) }
}

function orderedStyles(labels: readonly string[]): LineStyle[] | undefined {
  const found = labels.map(label => /^(\S+) = (\d+(?:\.\d+)?)$/.exec(label))
  const names = new Set(found.map(match => match?.[1]))
  if (labels.length < 2 || names.size !== 1 || names.has(undefined) || names.has('σ')) return undefined
  const values = found.map(match => Number(match?.[2]))
  const order = [...new Set(values)].sort((a, b) => a - b)
  return values.map((value, position) => ({
    color: colorBetween(order.indexOf(value) / Math.max(1, order.length - 1)),
    dash: DASHES[position % DASHES.length] ?? [],
  }))
}

/** Returns a colour of the ordered scale, at a position from 0 to 1. */
function colorBetween(place: number): string {
  const at = place * (ORDERED.length - 1)
  const [from, to] = [Math.floor(at), Math.ceil(at)].map(index => channelsOf(ORDERED[index] ?? ''))
  const mixed = (from ?? []).map((value, channel) =>
    Math.round(value + (at - Math.floor(at)) * ((to?.[channel] ?? value) - value)),
  )
  return `#${mixed.map(value => value.toString(16).padStart(2, '0')).join('')}`.toUpperCase()
}

function channelsOf(color: string): number[] {
  return [1, 3, 5].map(start => Number.parseInt(color.slice(start, start + 2), 16))
}
