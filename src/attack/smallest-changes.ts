import { ABSTAIN, predictFromCounts } from '../certification/statistics'
import { lowerConfidenceBound } from '../statistics/confidence-bound'
import type { StreamName } from '../streams'
import type { Tensor } from '../torch'
import { neededShare } from './asked-classifier'
import type { Change } from './attack-log'
import { type Attacked, type AttackTarget, type Attempt, attackAll, type PgdSettings } from './pgd'
import { RadiusSearch } from './search'
import type { Votes } from './votes'

/** The procedure that must return another class for a change to count: PREDICT needs no class with more than half of the probability. */
export type Confirmation = 'certify' | 'predict'

/** The extent of an attack's search: all of it affects the results. */
export interface AttackSettings extends PgdSettings {
  /** Attacks on an image at each radius: one from the image or towards the nearest change so far, the others from random points. */
  readonly starts: number
  /** Radii to try per image. */
  readonly rounds: number
  /** Noisy copies that test whether an attack has changed the class. */
  readonly votes: number
  readonly confirm: Confirmation
}

/** An image to attack, alive until it is done. */
export interface AttackedImage {
  /** In [-1, 1]. */
  readonly image_CHW: Tensor<'CHW'>
  /** The class to leave. */
  readonly label: number
  /** Names the image among noise streams. */
  readonly stream: StreamName
}

/** The result for an image. */
export interface Found {
  readonly change?: Change
  readonly failed: number
  readonly asked: number
}

export interface SearchContext {
  /** The targets to ascend, one after the other in each round: a cascade has one per noise level. */
  readonly targets: readonly [AttackTarget, ...AttackTarget[]]
  readonly votes: Votes
  readonly settings: AttackSettings
  /** For CERTIFY or PREDICT at changed images. α is that of one image: the shares of its changes sum to it. */
  readonly certify: { readonly alpha: number; readonly n0: number; readonly n: number }
  /** The first radius to try. */
  readonly first: number
  readonly largest: number
  readonly signal?: AbortSignal | undefined
}

/** An attacked image, and its ℓ2 distance for pixels in [0, 1]. */
interface Candidate extends Pick<Attacked, 'image_CHW'> {
  readonly radius: number
}

interface ImageSearch extends AttackedImage {
  readonly radii: RadiusSearch
  /** Each nearer than the one before. */
  readonly candidates: Candidate[]
  /** The image with the fewest copies in the class, until a candidate is found. */
  nearest?: { readonly image_CHW: Tensor<'CHW'>; readonly kept: number }
}

/**
 * Searches for the smallest change of each image, all in the same passes, and confirms it. The result for an image does not depend on the
 * others, except for the rounding of larger batches.
 */
export async function smallestChanges(
  images: readonly AttackedImage[],
  context: SearchContext,
): Promise<readonly Found[]> {
  const { settings, signal, first, largest } = context
  const made: Candidate[] = []
  const searches = images.map(
    (image): ImageSearch => ({ ...image, radii: new RadiusSearch({ first, largest }), candidates: [] }),
  )
  try {
    for (let round = 0; round < settings.rounds; round += 1) {
      signal?.throwIfAborted()
      const open = searches.filter(({ radii }) => radii.next !== undefined)
      if (open.length > 0) await tryRadii(open, { ...context, round, made })
    }
    const found: Found[] = []
    for (const search of searches) {
      signal?.throwIfAborted()
      found.push({ ...(await confirmed(search, context)), failed: search.radii.failed })
    }
    return found
  } finally {
    images[0]?.image_CHW.session.free(made.map(({ image_CHW }) => image_CHW))
  }
}

/** Tries one radius per image: attacks it, counts votes, and records the result. */
async function tryRadii(
  searches: readonly ImageSearch[],
  context: SearchContext & { readonly round: number; readonly made: Candidate[] },
): Promise<void> {
  const { settings, votes, made } = context
  const attempts = searches.flatMap(search => attemptsOf(search, context))
  const attacked = await attackInParts(attempts, context)
  made.push(...attacked)
  const tallies = await votes.count(
    attacked.map(({ image_CHW }, place) => ({ image_CHW, stream: (attempts[place] as Attempt).stream })),
    settings.votes,
  )
  for (const [position, search] of searches.entries()) {
    const places = Array.from({ length: settings.starts }, (_, start) => position * settings.starts + start)
    note(
      search,
      places.map(place => ({ ...(attacked[place] as Candidate), tally: tallies[place] ?? [] })),
      context,
    )
  }
}

function attemptsOf(
  { image_CHW, label, stream, radii, nearest, candidates }: ImageSearch,
  { settings, round }: { readonly settings: AttackSettings; readonly round: number },
): Attempt[] {
  const before = candidates.at(-1) ?? nearest
  const first: Attempt['start'] =
    before === undefined ? { kind: 'image' } : { kind: 'towards', image_CHW: before.image_CHW }
  return Array.from({ length: settings.starts }, (_, number) => ({
    ...{ image_CHW, label, radius: radii.next ?? 0 },
    start: number === 0 ? first : { kind: 'random' },
    ascends: settings.confirm === 'certify' && (round + number) % 2 === 1 ? 'odds' : 'ratio',
    stream: [...stream, round, number],
  }))
}

/** Runs as many attempts at once as fit into memory. The size of the parts affects only rounding. */
async function attackInParts(
  attempts: readonly Attempt[],
  { targets, votes, settings, round }: SearchContext & { readonly round: number },
): Promise<readonly Candidate[]> {
  const target = targets[round % targets.length] as AttackTarget
  const done: Candidate[] = []
  while (done.length < attempts.length) {
    const { size } = votes.attacked
    const count = Math.max(1, Math.floor(size / settings.noises))
    const [first, ...others] = attempts.slice(done.length, done.length + count)
    if (first === undefined) break
    const { session } = first.image_CHW
    try {
      const attacked = attackAll(target, [first, ...others], settings)
      const lengths = await session.read(attacked.map(({ length }) => length))
      session.free(attacked.map(({ length }) => length))
      done.push(...attacked.map(({ image_CHW }, place) => ({ image_CHW, radius: lengths[place] ?? 0 })))
    } catch (error) {
      votes.attacked.halve(size, error)
    }
  }
  return done
}

/** Records the nearest of the attacks that changed the class, or that none did. */
function note(
  search: ImageSearch,
  results: readonly (Candidate & { readonly tally: readonly number[] })[],
  { settings, certify, votes }: SearchContext,
): void {
  const radius = search.radii.next ?? 0
  const isChange = changeTest(search.label, { settings, certify, votes })
  const [best] = results.filter(({ tally }) => isChange(tally)).sort((a, b) => a.radius - b.radius)
  search.radii.observe(radius, best?.radius)
  if (best !== undefined && best.radius < (search.candidates.at(-1)?.radius ?? Number.POSITIVE_INFINITY)) {
    search.candidates.push(best)
  }
  for (const { image_CHW, tally } of results) {
    const kept = tally[search.label] ?? 0
    if (kept < (search.nearest?.kept ?? Number.POSITIVE_INFINITY)) search.nearest = { image_CHW, kept }
  }
}

/** In the search, an unconfirmed change costs more than a missed one: later changes are even nearer. */
const SEARCH_ALPHA = 0.05

/** Returns whether votes suggest that CERTIFY or PREDICT returns another class. */
function changeTest(
  label: number,
  {
    settings: { votes, confirm, rounds },
    certify,
    votes: { asked },
  }: Pick<SearchContext, 'settings' | 'certify' | 'votes'>,
): (tally: readonly number[]) => boolean {
  if (confirm === 'predict') {
    return tally => ![label, ABSTAIN].includes(predictFromCounts(tally, { alpha: SEARCH_ALPHA }).prediction)
  }
  const share = leastShare({ ...neededShare(asked, certify.alpha / rounds), n: certify.n })
  const isEnough = (count: number) => lowerConfidenceBound(count, votes, { alpha: SEARCH_ALPHA }) > share
  return tally => tally.some((count, other) => other !== label && isEnough(count))
}

/** Returns the nearest candidate with another class confirmed. Abstention is not a change. */
async function confirmed(
  { candidates, label, stream }: ImageSearch,
  { votes, certify, settings: { rounds, confirm } }: SearchContext,
): Promise<Pick<Found, 'change' | 'asked'>> {
  for (const [asked, { image_CHW, radius }] of [...candidates].reverse().entries()) {
    // There is at most one candidate per round.
    const options = { ...certify, by: confirm, alpha: certify.alpha / rounds }
    const outcome = await votes.state({ image_CHW, stream: [...stream, 'confirm', asked] }, options)
    if (!('class' in outcome) || outcome.class === label) continue
    const { evidence } = outcome
    // At the image itself, ACES may answer with the single vote of its core.
    const [votesFor, n] = outcome.kind === 'certified-at' ? [1, 1] : [evidence.candidateCount, evidence.n]
    return { change: { radius, class: outcome.class, votes: votesFor, n }, asked: asked + 1 }
  }
  return { asked: candidates.length }
}

/** Returns the smallest share of votes that a procedure needs for a class: the search requires more than that. */
function leastShare({
  threshold,
  alpha,
  n,
}: {
  readonly threshold: number
  readonly alpha: number
  readonly n: number
}): number {
  let [below, above] = [0, n]
  while (above - below > 1) {
    const middle = Math.floor((below + above) / 2)
    if (lowerConfidenceBound(middle, n, { alpha }) < threshold) below = middle
    else above = middle
  }
  return above / n
}
