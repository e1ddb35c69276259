import type { Session } from '../../bridge'
import type { CertificationRunConfig, DataConfig } from '../../config/schema'
import { ConfigError } from '../../errors'
import {
  requireOneHead,
  requireOneOrder,
  requireOrderOf,
  requireSameClasses,
} from '../../smoothing/check-classes'
import { configuredSmoothing, type ImageKind, ownedBy } from '../../smoothing/first-layer'
import { type CertifiedNetworks, loadNetworks } from '../../smoothing/load-networks'
import type { KnownSmoothed } from '../../smoothing/smoothed-input'
import type { Smoothing } from '../../smoothing/smoothing'
import { type Classifier, classNames, restOf } from '../../torch'
import { type PreparedArm, requireRouterHead } from '../arm-networks'
import { inferenceNetworks } from '../inference-networks'
import { type Members, type Voter, voterOf } from '../voters'

/** A smoothed classifier with loaded networks, ready to vote. */
export interface OpenedSmoothed {
  readonly config: CertificationRunConfig
  readonly networks: CertifiedNetworks
  readonly smoothing: Smoothing
  readonly voter: Voter
  /** For a router: the experts, and the network that chooses between them; undefined for other classifiers. */
  readonly routed: (Pick<PreparedArm, 'members' | 'classes'> & { readonly router: Classifier }) | undefined
  /** Names of the logits; undefined as a whole or for one logit if unknown. */
  readonly names: readonly (string | undefined)[] | undefined
  /** Frees the networks. */
  free(): void
}

/**
 * Loads the networks of a smoothed classifier for images outside a data set.
 *
 * @throws ConfigError if the order of the classes is ambiguous, or the settings list other classes than those of the
 * training; as `loadNetworks`
 */
export async function openSmoothed(
  session: Session,
  { config, weights: expected, classes }: KnownSmoothed,
  images: ImageKind,
): Promise<OpenedSmoothed> {
  const { certification } = config
  const listed = listedClasses(config.data)
  if (classes !== undefined && config.data.source === 'folder') requireOrderOf(classes, config.data.classes)
  const named = classes ?? listed
  const networks = await loadNetworks(session, config, { expected })
  const { denoiser, classifier, others, router } = networks
  const members = [classifier, ...others.map(member => member.classifier)] as const
  const all = router === undefined ? members : [...members, router.classifier]
  let copies: readonly Classifier[] = []
  let smoothing: Smoothing | undefined
  const free = () => session.free([denoiser, all, copies, smoothing ? ownedBy(smoothing) : []])
  try {
    const prepared = await inferenceNetworks(
      session,
      { denoiser, classifiers: all },
      { ...certification, example: images.example },
    )
    copies = prepared.classifiers
    const head = prepared.heads[0] ?? 0
    requireNames(head, named)
    requireOneHead(prepared.heads.slice(0, members.length))
    const chooses = copies[members.length]
    if (chooses !== undefined)
      requireRouterHead(prepared.heads[members.length] ?? 0, { experts: members.length })
    const { classes: ofWeights } = classifier.description
    for (const { description } of named === undefined ? [] : members) {
      requireSameClasses(description.classes, { classes: named ?? [], classOrder: 'listed', logits: null })
    }
    const configured = await configuredSmoothing(config.smoothing, { denoiser, classifier, images })
    smoothing = { ...configured, autocast: certification.autocast }
    const { front } = smoothing
    let first = copies[0] ?? classifier
    if (front.kind === 'first-layer') {
      first = restOf(first, front)
      copies = [...copies, first]
    }
    return {
      ...{ config, networks, smoothing, free },
      names: named ?? ofWeights?.names ?? (await namesOfData(session, config.data, { head })),
      routed: chooses && {
        ...{ members: copies.slice(0, members.length) as unknown as Members, classes: head, router: chooses },
      },
      voter: voterOf([first, ...copies.slice(1, members.length)], {
        classes: head,
        ensemble: config.ensemble,
      }),
    }
  } catch (error) {
    free()
    throw error
  }
}

/** Returns the classes that the settings list in the order of the logits. */
function listedClasses(data: DataConfig): readonly string[] | undefined {
  return data.source === 'folder' && Array.isArray(data.classes) ? data.classes : undefined
}

/**
 * Returns the names of the logits from the settings or the data; undefined if neither has them.
 *
 * @throws ConfigError if the order of the folders is ambiguous
 */
async function namesOfData(
  session: Session,
  data: DataConfig,
  { head }: { readonly head: number },
): Promise<readonly (string | undefined)[] | undefined> {
  const { classes } = { classes: undefined, ...data }
  if (data.source === 'folder' && typeof classes === 'object') {
    const names: string[] = []
    for (const [name, logit] of Object.entries(classes)) names[Number(logit)] = name
    return names
  }
  const found = await classNames(session, data)
  if (found !== undefined && !found.isStated) requireOneOrder(found.names)
  return found?.names.length === head ? found.names : undefined
}

function requireNames(head: number, classes: readonly string[] | undefined): void {
  if (classes === undefined || classes.length === head) return
  throw new ConfigError(`${classes.length} classes are named, but the head of the classifier has ${head}.`, {
    remedy: 'Give the description that belongs to these weights.',
  })
}
