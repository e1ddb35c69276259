import type { Session } from '../bridge'
import type { CertificationConfig, CertificationRunConfig } from '../config/schema'
import { ConfigError } from '../errors'
import {
  requireClasses,
  requireOneHead,
  requireSameClasses,
  requireSelectorHead,
} from '../smoothing/check-classes'
import type { CertifiedNetworks } from '../smoothing/load-networks'
import { denoiserOf, type Smoothing } from '../smoothing/smoothing'
import { type Classifier, type Dataset, type Dtype, restOf, type Tensor } from '../torch'
import { inferenceNetworks } from './inference-networks'
import type { EnsembleVote, Members } from './voters'

/** Networks that are certified as one classifier. */
export interface ArmNetworks {
  /** The classifier and others that vote with it; for a router, the experts. */
  readonly members: Members
  /** How several members vote as one classifier. */
  readonly ensemble?: EnsembleVote | undefined
  /** For ACES: a network with two classes. Default: the entropy of the classifier decides. */
  readonly selector?: Classifier | undefined
  /** For ACES: a network that is not smoothed. Default: none. */
  readonly core?: Classifier | undefined
  /** For a router: a network with one class per expert. */
  readonly router?: Classifier | undefined
}

type LoadedClassifiers = Pick<CertifiedNetworks, 'classifier' | 'others' | 'selector' | 'core' | 'router'>

/** Returns all loaded classifiers, to free them with the denoiser. */
export function classifiersOf({
  classifier,
  others,
  selector,
  core,
  router,
}: LoadedClassifiers): readonly Classifier[] {
  const beside = [
    ...others,
    ...(selector === undefined ? [] : [selector]),
    ...(core === undefined ? [] : [core]),
    ...(router === undefined ? [] : [router]),
  ]
  return [classifier, ...beside.map(member => member.classifier)]
}

/** Returns the networks that settings certify as one classifier. */
export function armOf(
  { ensemble }: Pick<CertificationRunConfig, 'ensemble'>,
  { classifier, others, selector, core, router }: LoadedClassifiers,
): ArmNetworks {
  const members: Members = [classifier, ...others.map(member => member.classifier)]
  return {
    ...{ members, ensemble, selector: selector?.classifier, core: core?.classifier },
    router: router?.classifier,
  }
}

/** The networks of an arm, ready to vote. */
export interface PreparedArm extends ArmNetworks {
  /** K. */
  readonly classes: number
}

/** The networks of several arms, ready to vote. */
export interface PreparedArms {
  readonly arms: readonly PreparedArm[]
  /** All classifiers of all arms; the caller frees them. */
  readonly classifiers: readonly Classifier[]
  readonly denoiserDtype: Dtype | null
}

/**
 * Prepares the networks of arms to vote on the images of a data set.
 *
 * @param options - `example`: records an image in [0, 1] of the data
 * @throws ConfigError if a head or its class names differ from those of the data, a selector does not have two classes, or a router does
 *   not have one class per expert; as `inferenceNetworks`
 */
export async function prepareArms(
  session: Session,
  { smoothing, arms }: { readonly smoothing: Smoothing; readonly arms: readonly ArmNetworks[] },
  {
    certification,
    dataset,
    example,
  }: {
    readonly certification: CertificationConfig
    readonly dataset: Pick<Dataset, 'description'>
    readonly example: () => Tensor<'CHW'>
  },
): Promise<PreparedArms> {
  const { description } = dataset
  requireOwnFirstLayer(smoothing, arms)
  for (const { members, core } of arms) {
    for (const classifier of [...members, ...some(core)]) {
      requireSameClasses(classifier.description.classes, description)
    }
  }
  const all = arms.flatMap(({ members, selector, core, router }) => [
    ...[...members, ...some(selector), ...some(core), ...some(router)],
  ])
  const prepared = await inferenceNetworks(
    session,
    { denoiser: denoiserOf(smoothing), classifiers: all },
    { ...certification, example },
  )
  const rests: Classifier[] = []
  const { front } = smoothing
  const voting = (classifier: Classifier) => {
    if (front.kind !== 'first-layer') return classifier
    const rest = restOf(classifier, front)
    rests.push(rest)
    return rest
  }
  try {
    let place = 0
    const next = () => {
      const [classifier, head] = [prepared.classifiers[place] as Classifier, prepared.heads[place] ?? 0]
      place += 1
      return { classifier, head }
    }
    const ready = arms.map(({ ensemble, ...arm }) => {
      const members = arm.members.map(next)
      const selector = arm.selector && next()
      const core = arm.core && next()
      const router = arm.router && next()
      for (const { head } of [...members, ...some(core)]) requireClasses(head, description)
      requireOneHead(members.map(({ head }) => head))
      if (selector !== undefined) requireSelectorHead(selector.head)
      if (router !== undefined) requireRouterHead(router.head, { experts: members.length })
      return {
        members: members.map(({ classifier }) => voting(classifier)) as readonly Classifier[] as Members,
        ...{ ensemble, selector: selector?.classifier, core: core?.classifier },
        router: router?.classifier,
        classes: members[0]?.head ?? 0,
      }
    })
    return {
      ...{ arms: ready, classifiers: [...prepared.classifiers, ...rests] },
      denoiserDtype: prepared.denoiserDtype,
    }
  } catch (error) {
    session.free([prepared.classifiers, rests])
    throw error
  }
}

/** @throws ConfigError if noise after the first layer of one classifier would be shared with others */
function requireOwnFirstLayer({ front }: Smoothing, arms: readonly ArmNetworks[]): void {
  if (front.kind !== 'first-layer') return
  const networks = arms.flatMap(({ members, selector, core }) => [
    ...members,
    ...some(selector),
    ...some(core),
  ])
  if (networks.length === 1 && networks[0] === front.network) return
  throw new ConfigError(
    `The noise stands after the first layer of one classifier, and ${networks.length} are to be certified with it, or another one.`,
    { remedy: 'Certify each classifier with the smoothing after its first layer.' },
  )
}

/** @throws ConfigError if a router does not have one class per expert */
export function requireRouterHead(head: number, { experts }: { readonly experts: number }): void {
  if (head === experts) return
  throw new ConfigError(
    `The router, router.network, tells ${head} classes apart, expected ${experts}, one for each expert.`,
    { remedy: 'Give a network that was trained to choose between these experts.' },
  )
}

function some<T>(value: T | undefined): readonly T[] {
  return value === undefined ? [] : [value]
}
