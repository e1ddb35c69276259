import { ConfigError } from '../errors'
import type { Bound } from './bound'

/** A class, or the position of an expert, with a lower confidence bound of its probability under the noise. */
export interface BoundedChoice {
  readonly candidate: number
  readonly lowerBound: number
}

/** Noise levels of a router and its experts. */
export interface RouterRule {
  readonly router: Bound
  /** In the order of the router's classes. */
  readonly experts: readonly Bound[]
  /** Radius of the router's choice below which all experts vote; if it abstains, they always do. */
  readonly agreement: number
}

/** The joint statement of a router and its experts. */
export type RouterDecision =
  | { readonly kind: 'certified'; readonly class: number; readonly radius: number }
  | { readonly kind: 'abstains' }

/**
 * Checks the parameters that the statement depends on.
 *
 * @throws ConfigError if alpha is not in (0, 1), a radius is negative or not finite, or there are fewer than two experts
 */
export function requireRouter(
  { experts, agreement }: Pick<RouterRule, 'agreement'> & { readonly experts: readonly unknown[] },
  { alpha }: { readonly alpha: number },
): void {
  const problem =
    experts.length < 2
      ? `at least 2 experts, got ${experts.length}`
      : !(alpha > 0 && alpha < 1)
        ? `alpha between 0 and 1, got ${alpha}`
        : !(agreement >= 0 && agreement < Number.POSITIVE_INFINITY)
          ? `a radius of at least 0 for agreement, got ${agreement}`
          : undefined
  if (problem === undefined) return
  throw new ConfigError(`A router: expected ${problem}.`, { remedy: 'Correct this number.' })
}

/**
 * Returns the share of alpha of each bound, for the router and every expert. A false statement about the router's choice requires one
 * failed bound, a false statement of all experts another: docs/router.md shows why no further split is needed.
 */
export function alphaOfPart(alpha: number): number {
  return alpha / 2
}

/** Returns the positions of the experts that must vote, according to the router's votes: the chosen one, or all. */
export function expertsAsked(choice: BoundedChoice, rule: RouterRule): readonly number[] {
  const radius = radiusOfChoice(choice, rule)
  return radius !== undefined && radius >= rule.agreement ? [choice.candidate] : [...rule.experts.keys()]
}

/**
 * Returns the certified class of the expert that the smoothed router chooses, in a ball around the image.
 *
 * The choice is constant within the radius of the router, and the class of the chosen expert within that expert's: both hold within the
 * smaller one. If all experts voted and agree on a class, it holds within the smallest of their radii, whatever the router chooses there.
 * docs/router.md has the proof.
 *
 * @param verdicts - of each expert in {@link expertsAsked}, in that order
 */
export function decideRouter(
  choice: BoundedChoice,
  verdicts: readonly BoundedChoice[],
  rule: RouterRule,
): RouterDecision {
  const asked = expertsAsked(choice, rule)
  const found = asked.map((expert, place) => {
    const verdict = verdicts[place]
    const bound = rule.experts[expert]
    if (verdict === undefined || bound === undefined || verdict.lowerBound < 0.5) return undefined
    return { class: verdict.candidate, radius: bound.radius(verdict.lowerBound) }
  })
  const routed = radiusOfChoice(choice, rule)
  const chosen = found[asked.indexOf(choice.candidate)]
  const [first] = found
  const agree = asked.length === rule.experts.length && found.every(each => each?.class === first?.class)
  const radii = [
    ...(routed !== undefined && chosen !== undefined ? [Math.min(routed, chosen.radius)] : []),
    ...(agree ? [Math.min(...found.map(each => each?.radius ?? Number.NaN))] : []),
  ].filter(radius => radius >= 0)
  const label = chosen?.class
  if (label === undefined || radii.length === 0) return { kind: 'abstains' }
  return { kind: 'certified', class: label, radius: Math.max(...radii) }
}

/** Returns the radius within which the router's choice is constant; undefined if it abstains. */
function radiusOfChoice(
  { candidate, lowerBound }: BoundedChoice,
  { router, experts }: RouterRule,
): number | undefined {
  return lowerBound < 0.5 || candidate >= experts.length ? undefined : router.radius(lowerBound)
}
