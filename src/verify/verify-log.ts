/**
 * Recomputes the rows of a certification log from their counts, in integer arithmetic. It shares no code with the writer
 * of the log and imports nothing. docs/verify.md lists the checks of each procedure.
 */

// Real numbers are multiples of 2^-256; a probability P of the class is a multiple of 2^-53.
const ONE = 1n << 256n
const HALF = 1n << 52n
const fixed = (x: number) => BigInt(x * 2 ** 256)
const float = (x: bigint) => Number(x) / 2 ** 256
const ROOT = (398942280401432677939946059934381868475858631164934657665925829670657925899n * ONE) / 10n ** 75n
const TOLERANCE = 1e-9
const KNOWN = /^((certify|sized|grid|at-radius) (gaussian|uniform)|certify discrete-gaussian), n = \d{1,8}$/

/**
 * For n votes, returns P[X > k] plus a part of P[X = k] (by default all), and P[X = k]. Weights start at the mode, and
 * are divided by their sum.
 */
function tail(k: number, n: number, P: bigint, part = ONE): { readonly above: bigint; readonly at: bigint } {
  const Q = 2n * HALF - P
  const mode = Number((BigInt(n + 1) * P) >> 53n)
  let [all, above, at] = [0n, 0n, 0n]
  const add = (j: number, weight: bigint) => {
    all += weight
    if (j > k) above += weight
    if (j === k) at = weight
  }
  for (let j = mode, w = ONE; w > 0n; w = (w * BigInt(n - j) * P) / (BigInt(j + 1) * Q), j++) add(j, w)
  for (let j = mode, w = ONE; w > 0n; w = (w * BigInt(j) * Q) / (BigInt(n - j + 1) * P), j--)
    if (j < mode) add(j, w)
  return { above: (above * ONE + at * part) / all, at: (at * ONE) / all }
}

/**
 * Returns the largest P at which k votes or more have probability at most alpha. Exactly k counts with the uniform number
 * of a randomised bound; all votes with at least 2 alpha. Uses Newton's method on the logarithm, which is concave.
 */
function lowerBound(k: number, n: number, alpha: number, uniform = 1): bigint {
  const part = fixed(k === n ? Math.max(uniform, Math.min(1, 2 * alpha)) : uniform)
  const fits = (P: bigint) => P < 2n * HALF && (P <= 0n || tail(k, n, P, part).above <= fixed(alpha))
  let p = k / (n + 1)
  for (let step = 1, round = 0; k > 0 && Math.abs(step) > 2 ** -50 && round < 60; round++) {
    const { above, at } = tail(k, n, BigInt(Math.round(p * 2 ** 53)), part)
    const slope = float(at) * ((float(part) * k) / p + ((1 - float(part)) * (n - k)) / (1 - p))
    step = (Math.log(float(above) / alpha) * float(above)) / slope
    p = Math.min((1 + p) / 2, Math.max(p / 2, p - step))
  }
  let P = BigInt(Math.round(p * 2 ** 53))
  while (!fits(P)) P--
  while (k > 0 && fits(P + 1n)) P++
  return P
}

/** Returns Φ by its power series. */
function normal(z: bigint): bigint {
  let [term, sum] = [z, z]
  for (let i = 1n; term !== 0n; sum += term / (2n * i + 1n), i++)
    term = -(((term * z) / ONE) * z) / (2n * i * ONE)
  return ONE / 2n + (ROOT * sum) / ONE
}

/** Returns Φ⁻¹ of P ≥ 1/2 by Newton's method, from below. */
function quantile(P: bigint): bigint {
  let z = 0n
  for (let step = ONE, round = 0; (step < 0n ? -step : step) >> 60n > 0n && round < 200; round++) {
    step = (((P << 203n) - normal(z)) * ONE) / fixed(Math.exp(-(float(z) ** 2) / 2) * float(ROOT))
    z += step
  }
  return z
}

/**
 * Returns the smallest probability of certifying at P for a test that certifies on these looks: it continues if no look
 * has more misses.
 */
function leastError(looks: readonly (readonly [number, number])[], P: bigint): number {
  const miss = 1 - Number(P) / 2 ** 53
  let [most, open] = [0, [1]]
  for (const [drawn, hits] of looks) {
    most += drawn - hits
    const next = Array<number>(most + 1).fill(0)
    for (let j = 0, log = drawn * Math.log1p(-miss); j <= Math.min(drawn, most); j++) {
      const step = Math.exp(log)
      for (let i = 0; step > 1e-25 && i + j <= most && i < open.length; i++) {
        next[i + j] = (next[i + j] as number) + (open[i] as number) * step
      }
      log += Math.log(((drawn - j) * miss) / ((j + 1) * (1 - miss)))
    }
    open = next
  }
  return open.reduce((sum, weight) => sum + weight, 0)
}

type Procedure = { kind: string; radii?: number[]; rounds?: number[] }
type Settings = Record<'alpha' | 'n' | 'n0' | 'sigma', number> &
  Partial<Record<'bound' | 'confidence', string> & Record<'procedure' | 'adaptive', Procedure>> &
  Partial<{ certifiedSigma: number; sound: Sound; data: { imageShape?: number[] } }>
type Sound = Record<'alpha' | 'drawError', number>
type Numbers = Partial<Record<'lowerBound' | 'uniform' | 'pilot', number>>
type Details = Numbers & { looks?: [number, number][]; radii?: number[] }
type Row = Readonly<Record<string, string>>

/**
 * Verifies a complete, shard or merged log. A row whose radius or outcome does not follow from its counts is an error.
 *
 * @param text - the table; the second argument is the content of `<log>.json`
 * @returns `largestExcess`: largest excess of a logged radius over the recomputed one; `unchecked`: rows of a grid whose
 * looks format 1 does not record
 * @throws Error naming parts of the log that this file does not know
 */
export function verifyLog(text: string, metadata: { configuration: Settings; format?: number }) {
  const { n, n0, sound, bound = 'gaussian', data, ...settings } = metadata.configuration
  const procedure: Procedure = settings.procedure ?? settings.adaptive ?? { kind: 'certify' }
  const { kind, radii: grid = [], rounds = [] } = procedure
  const sigma = fixed(settings.certifiedSigma ?? settings.sigma)
  const [names = [], ...rows] = text.split(/\r?\n/).map(line => line.split('\t'))
  const what = `${kind} ${bound}${names.includes('candidate_count') ? '' : ' without counts'}, n = ${n}`
  if (!KNOWN.test(what)) throw new Error(what)
  const { alpha, drawError } = sound ?? { alpha: settings.alpha, drawError: 0 }
  const values = (data?.imageShape ?? [Number.NaN]).reduce((product, size) => product * size, 1)
  const least = bound === 'discrete-gaussian' ? (n * values * 18 * 255 * float(sigma)) / 2 ** 64 : 0
  if (!(drawError >= least && alpha + drawError <= settings.alpha)) throw new Error('the alpha of its votes')
  const results = new Map<string, bigint>()
  const once = (key: string, compute: () => bigint) =>
    results.get(key) ?? (results.set(key, compute()).get(key) as bigint)
  const slope = bound === 'uniform' ? (fixed(Math.sqrt(3)) * sigma) / ONE : 0n
  const radiusAt = (P: bigint) => (slope > 0n ? (slope * (P - HALF)) >> 52n : (sigma * quantile(P)) / ONE)
  const topOf = (r: number) =>
    1n + (slope > 0n ? HALF + (fixed(r) << 52n) / slope : normal((fixed(r) * ONE) / sigma) >> 203n)
  // With --sound no value may exceed the recomputed one; it may be lower by one unit in the last place.
  const under = (of: number) => (sound ? 2 ** (Math.floor(Math.log2(of)) - 52) : TOLERANCE)
  const isOff = (by: number, of: number) => by > (sound ? 0 : TOLERANCE) || -by > under(of)
  let [largestExcess, unchecked] = [Number.NEGATIVE_INFINITY, 0]

  function* problemsOf(row: Row): Generator<string> {
    const [k, of, radius] = [Number(row.candidate_count), Number(row.n), Number(row.radius)]
    const details = JSON.parse(row.evidence ?? '{}') as Details
    const { looks = [[of, k]], lowerBound: logged, pilot = Number(row.pilot ?? 0), uniform } = details
    const found = row.outcome ?? (row.predict === '-1' ? 'abstains' : 'certified')
    const isNamed = found.startsWith('certified')
    if (row.predict !== (isNamed ? row.candidate : '-1')) yield `predict is ${row.predict}, but ${found}`
    if ((row.correct === '1') !== (row.predict === row.label)) yield `correct is ${row.correct}`
    if (Number(row.n0) !== n0) yield `n0 is ${row.n0}, not ${n0}`
    if (of + pilot > n || (kind === 'certify' && of < n)) yield `n is ${of}, not ${n}`
    if (k + Number(row.runner_up_count) > of) yield `more votes are counted than ${of}`
    const [drawn, hits] = [0, 1].map(i => looks.reduce((sum, look) => sum + (look[i] as number), 0))
    if (drawn !== of || hits !== k) yield `the looks have ${hits} of ${drawn} votes, not ${k} of ${of}`
    if (kind === 'certify' || kind === 'sized') {
      if ((settings.confidence === 'randomised') !== (uniform !== undefined)) yield `uniform is ${uniform}`
      const P = once(`${k} of ${of}, ${uniform}`, () => lowerBound(k, of, alpha, uniform))
      const share = Number(P) / 2 ** 53
      const base = sound ? BigInt((logged ?? share) * 2 ** 53) : P
      const exact = base < HALF ? 0n : once(`radius ${base}`, () => radiusAt(base))
      const excess = float(fixed(radius) - exact)
      largestExcess = Math.max(largestExcess, excess)
      if (isOff((logged ?? share) - share, share)) yield `lowerBound is ${logged}, not ${share}`
      if (isOff(excess, radius)) yield `radius is ${radius}, not ${float(exact)}, by ${k} of ${of}`
      if (isNamed !== P >= HALF && Math.abs(share - 0.5) > TOLERANCE) yield `outcome is wrong: ${found}`
      return
    }
    const all = details.radii ?? (isNamed ? grid.slice(0, grid.indexOf(radius) + 1) : [])
    if (radius !== Math.max(0, ...all)) yield `radius is ${radius}, not the largest of [${all.join(', ')}]`
    if (grid.length > 0 && isNamed && all.length === 0) yield `outcome is ${found} at no radius`
    if (grid.length > 0 && all.some((r, i) => r !== grid[i])) yield `radius is ${radius}, not of the grid`
    const isKept = kind === 'at-radius' || details.looks !== undefined
    if (!isKept && metadata.format === 2) yield 'the looks are missing'
    const [most, P] = [alpha / Math.max(1, rounds.length), once(`top ${radius}`, () => topOf(radius))]
    if (all.length === 0 || float(tail(k, of, P).above) <= most) return
    if (!isKept) unchecked += 1
    else if (leastError(looks, P) > most * (1 + 1e-6)) yield `radius is ${radius}: no test has it`
  }

  const images = new Set<string | undefined>()
  const errors: { image: string; line: number; problem: string }[] = []
  for (const [at, fields] of rows.slice(0, -1).entries()) {
    if (fields.length === 1) continue
    const row: Row = Object.fromEntries(names.map((name, i) => [name, fields[i] as string]))
    let problem = images.has(row.idx) ? 'the image has a row above' : undefined
    try {
      problem ??= problemsOf(row).next().value ?? undefined
    } catch (error) {
      problem = `it cannot be read: ${(error as Error).message}`
    }
    images.add(row.idx)
    if (problem !== undefined) errors.push({ image: row.idx as string, line: at + 2, problem })
  }
  return { rows: images.size, errors, largestExcess, unchecked }
}
