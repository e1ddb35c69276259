import type { Session } from '../bridge'
import { linesOf, loggedProcedure, lookedOf, scalesOf } from '../certification/arm-lines'
import { armOf, classifiersOf, type PreparedArms, prepareArms } from '../certification/arm-networks'
import { CORE_LINE } from '../certification/certifiers'
import { requireLoggedImages } from '../certification/check-logged-images'
import { configurationOf } from '../certification/log-configuration'
import { modelsOf } from '../certification/models-of'
import { procedureOf } from '../certification/procedure'
import type { Line } from '../certification/queue/line'
import { sourceOfData } from '../config/data-schema'
import { InterruptedError } from '../errors'
import { packageVersion } from '../files/package-version'
import type { JsonObject } from '../logs/certification-log-metadata'
import { imagePlan } from '../logs/image-plan'
import { toSymmetric } from '../smoothing/denoise'
import { configuredSmoothing, imageKindOf, ownedBy } from '../smoothing/first-layer'
import { type CertifiedNetworks, loadNetworks } from '../smoothing/load-networks'
import { nameOf } from '../smoothing/name-of'
import { purificationOf } from '../smoothing/purification'
import type { KnownSmoothed } from '../smoothing/smoothed-input'
import { classifierOf } from '../smoothing/smoothing'
import { datasetSpec } from '../smoothing/specs'
import type { Bound } from '../statistics/bound'
import { type Classifier, type Dataset, digest, openDataset, select } from '../torch'
import type { AttackRow } from './attack-log'
import { AttackLogWriter } from './attack-log-file'
import { type PlannedAttack, requireSameClassifier } from './plan-attack'
import { type SearchContext, smallestChanges } from './smallest-changes'
import { Votes } from './votes'

export interface FindChangesHooks {
  /** Stops at once: drops the images in progress; the log stays valid. */
  readonly signal?: AbortSignal | undefined
  /** Called with the numbers of completed and of all images: once at the start, then after each. */
  readonly onImage?: ((done: number, images: number, row?: AttackRow) => void) | undefined
  /** Called with events that do not change the result, for example a smaller batch. */
  readonly onNote?: ((note: string) => void) | undefined
}

/**
 * Attacks the images of a plan, or continues an earlier attack: loads networks and data, and writes a row for each image to disk before
 * starting the next ones.
 *
 * @throws ConfigError if networks or data differ from those of the certification log; as `loadNetworks` and `AttackLogWriter.open`
 * @throws InterruptedError if `signal` is aborted; the same call continues
 */
export async function findChanges(
  session: Session,
  known: KnownSmoothed,
  plan: PlannedAttack,
  { signal, onImage, onNote }: FindChangesHooks = {},
): Promise<void> {
  const { config, attacked } = plan
  let dataset: Dataset | undefined
  let networks: CertifiedNetworks | undefined
  let copies: readonly Classifier[] = []
  let done = 0
  try {
    const testSet = await openDataset(session, datasetSpec(config.data, 'test'))
    dataset = testSet
    networks = await loadNetworks(session, config, { expected: known.weights })
    const prepared = await prepare(session, { plan, testSet, networks })
    copies = prepared.copies
    const { file, rows } = plan.certificates
    const chosen = new Set(attacked.map(({ index }) => index))
    await requireLoggedImages(testSet, [{ log: file, rows: rows.filter(({ index }) => chosen.has(index)) }], {
      ...{ signal, onNote },
    })
    await using log = await AttackLogWriter.open(plan.log, prepared.metadata)
    const logged = new Set(log.earlier.map(({ index }) => index))
    const work = attacked.filter(({ index }) => !logged.has(index))
    done = attacked.length - work.length
    onImage?.(done, attacked.length)
    const context = { ...prepared.context(onNote), signal }
    const { seed } = config.certification
    for (let start = 0; start < work.length; start += prepared.imagesAtOnce) {
      const group = work.slice(start, start + prepared.imagesAtOnce)
      const begunMs = performance.now()
      const images = group.map(({ index, stated }) => ({
        ...{ label: stated, stream: [seed, 'attack', index] },
        image_CHW: session.scope(() => toSymmetric(pixelsOf(testSet, index))),
      }))
      const found = await smallestChanges(images, context)
      session.free(images.map(({ image_CHW }) => image_CHW))
      const durationMs = (performance.now() - begunMs) / group.length
      const digests = await session.compute(() => group.map(({ index }) => digest(pixelsOf(testSet, index))))
      for (const [position, { index, label, stated }] of group.entries()) {
        const of = { index, label, class: stated, digest: digests[position] ?? '', durationMs }
        const row = { ...of, ...(found[position] as (typeof found)[number]) }
        await log.append(row)
        done += 1
        onImage?.(done, attacked.length, row)
      }
    }
  } catch (error) {
    if (signal?.aborted !== true) throw error
    throw new InterruptedError(String(signal.reason), {
      what: `Stopped with ${done} of ${attacked.length} images attacked.`,
      remedy: 'The same command continues from there.',
    })
  } finally {
    session.free([dataset, networks?.denoiser, networks && classifiersOf(networks), copies])
  }
}

/** Prepares everything that is the same for all images, once the loaded classifier is known to be the certified one. */
async function prepare(
  session: Session,
  {
    plan,
    testSet,
    networks,
  }: { readonly plan: PlannedAttack; readonly testSet: Dataset; readonly networks: CertifiedNetworks },
) {
  const { config, settings, certificates, attacked } = plan
  const { certification } = config
  const { denoiser } = networks
  const arm = armOf(config, networks)
  const { sigma } = config.smoothing
  const configured = await configuredSmoothing(config.smoothing, {
    ...{ denoiser, classifier: networks.classifier, images: imageKindOf(testSet) },
  })
  const smoothing = { ...configured, autocast: certification.autocast }
  const { arms, classifiers, denoiserDtype } = await prepareArms(
    session,
    { smoothing, arms: [arm] },
    { certification, dataset: testSet, example: () => pixelsOf(testSet, 0) },
  )
  const [ready] = arms as readonly [PreparedArms['arms'][number]]
  const procedure = procedureOf(certification, { sigma })
  const images = attacked.length
  const scales = scalesOf(procedure, smoothing, { ...certification, images })
  const [guarantee] = scales
  const identity = await session.compute(() => testSet.identity())
  const atHand = configurationOf(certification, {
    ...{ smoothing, guarantee, bound: guarantee.bound, images },
    ...{
      dataset: testSet,
      identity,
      denoiserDtype,
      name: nameOf(config),
      models: modelsOf(config, networks),
    },
    data: { source: config.data.source, ...sourceOfData(config.data).imageSettings?.(config.data) },
    procedure: loggedProcedure(procedure, { scales, arm: ready }),
  })
  requireSameClassifier(certificates.file, certificates.metadata.configuration, atHand)
  const [channels, height, width] = testSet.description.imageShape
  const { n0, n } = certification
  const purification = purificationOf(certification.purify, smoothing)
  const asked = { scales, purification, arms, images, n0, n }
  // Passes have one size, whatever is attacked; but the core classifies each image once.
  const lines = Object.fromEntries(
    Object.entries(linesOf(procedure, asked)).map(([name, { copies: _, ...line }]): [string, Line] => [
      name,
      name === CORE_LINE ? { ...line, copies: 1 } : line,
    ]),
  )
  const bounds = scales.map(({ bound }) => bound) as unknown as readonly [Bound, ...Bound[]]
  const { members, ensemble } = arm
  const voting = members.map(member =>
    classifierOf(smoothing, member),
  ) as readonly Classifier[] as typeof members
  // For a router, its experts, each at its noise level.
  const climbed = procedure.kind === 'router' ? scales.slice(0, procedure.sigmas.length) : scales
  const targets = climbed.map((scale, place) => ({
    ...{ smoothing: scale.smoothing, by: ensemble?.by ?? 'logits', classes: ready.classes },
    members: procedure.kind === 'router' ? voting.slice(place, place + 1) : voting,
  })) as unknown as SearchContext['targets']
  const context = (onNote: FindChangesHooks['onNote']): SearchContext => ({
    targets,
    votes: new Votes(
      { procedure, lines, looked: lookedOf(0, ready), bounds, classes: ready.classes },
      { batch: certification.batch, onNote },
    ),
    ...{ settings, certify: { alpha: guarantee.alpha, n0, n } },
    first: 2 * smoothing.sigma,
    // The diagonal of the cube of pixels.
    largest: Math.sqrt(channels * height * width),
  })
  const { starts, noises } = settings
  return {
    copies: [...classifiers, ...ownedBy(smoothing)],
    context,
    imagesAtOnce: Math.max(1, Math.floor(certification.batch / (starts * noises))),
    metadata: {
      configuration: {
        ...atHand,
        procedure: {
          ...{ kind: 'attack', ...settings },
          ...(procedure.kind !== 'certify' && { of: atHand.procedure }),
        } as JsonObject & { readonly kind: string },
      },
      plan: imagePlan(attacked.map(({ index }) => index)),
      notes: {
        ...{ certificates: certificates.file, device: session.info.deviceName, torch: session.info.torch },
        ...{ batch: certification.batch, checkpoint: config.checkpoint ?? null },
        versions: { ftCadis: packageVersion(), node: process.versions.node, python: session.info.python },
      },
    },
  }
}

/** An image in [0, 1]. */
function pixelsOf(testSet: Dataset, index: number) {
  return select(testSet.images([index]).images_BCHW, 'B', 0)
}
