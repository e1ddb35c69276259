import type { Session } from '../bridge'
import { dealt, type Shard } from '../logs/shards'
import { requireClasses, requireOneHead } from '../smoothing/check-classes'
import { toSymmetric } from '../smoothing/denoise'
import { type CertifiedNetworks, loadNetworks } from '../smoothing/load-networks'
import { type SmoothedInput, smoothedOf } from '../smoothing/smoothed-input'
import { type Smoothing, smoothingOf } from '../smoothing/smoothing'
import { datasetSpec } from '../smoothing/specs'
import { gaussianBound } from '../statistics/bound'
import { type Classifier, type Dataset, openDataset, select } from '../torch'
import { type Certifier, ONLY_BALLOT } from './certifiers/certifier'
import { chooseImages } from './choose-images'
import { expectedCopies } from './expected-copies'
import { guaranteeOf, requireCertifiable } from './guarantee'
import { inferenceNetworks } from './inference-networks'
import { certifiersOf, mostCopies, type ProcedureSettings, procedureOf } from './procedure'
import { certifyImages } from './queue/certify-images'
import { passSizeOf } from './queue/pass-size'
import { type Voter, voterOf } from './voters'

/** What a certification would take on this device. */
export interface CertificationDryRun {
  readonly images: number
  readonly sigma: number
  readonly device: string
  /** Noisy copies in a pass. */
  readonly pass: number
  /** Of a full pass, once warm. */
  readonly secondsPerPass: number
  /** With a fixed n, and adaptively: as the settings say, or on the grid that follows σ. */
  readonly plans: readonly CertificationPlan[]
}

export interface CertificationPlan {
  readonly procedure: ProcedureSettings
  /** Of an image; of adaptive procedures in the mean, from {@link expectedCopies}. */
  readonly copiesPerImage: number
  readonly copies: number
  readonly passes: number
  readonly seconds: number
}

/** Passes before those that are timed: compiling happens in them. */
const WARM_UP = 2
const TIMED = 10

/**
 * Says what a certification would take, from the time of ten passes of the networks and data that it would use. Nothing is written.
 *
 * @throws as `certify`
 */
export async function dryRunCertification(
  session: Session,
  input: SmoothedInput,
  { shard, signal }: { readonly shard?: Shard | undefined; readonly signal?: AbortSignal | undefined } = {},
): Promise<CertificationDryRun> {
  const { config, weights: expected } = await smoothedOf(input)
  const { certification } = config
  const { sigma } = config.smoothing
  const dataset = await openDataset(session, datasetSpec(config.data, 'test'))
  let networks: CertifiedNetworks | undefined
  let copies: readonly Classifier[] = []
  try {
    const planned = await chooseImages(dataset, certification)
    requireCertifiable(certification, { sigma, images: planned.length })
    networks = await loadNetworks(session, config, { expected })
    const { denoiser, classifier, others } = networks
    const smoothing = smoothingOf(denoiser, sigma, certification)
    const prepared = await inferenceNetworks(
      session,
      { denoiser, classifiers: [classifier, ...others.map(member => member.classifier)] },
      { ...certification, example: () => select(dataset.images([0]).images_BCHW, 'B', 0) },
    )
    copies = prepared.classifiers
    requireOneHead(prepared.heads)
    const classes = prepared.heads[0] ?? 0
    requireClasses(classes, dataset.description)
    const { alpha, certifiedSigma } = guaranteeOf(smoothing, { ...certification, images: planned.length })
    const own = procedureOf(certification, { sigma })
    const other =
      own.kind === 'certify'
        ? procedureOf({ ...certification, adaptive: { radii: 'sigma' } }, { sigma })
        : procedureOf({ ...certification, adaptive: 'none' }, { sigma })
    const pass = passSizeOf({
      batch: certification.batch,
      copies: planned.length * mostCopies(own, certification),
    })
    const secondsPerPass = await timePass(dataset, {
      ...{ smoothing, pass, signal },
      voter: voterOf([copies[0] ?? classifier, ...copies.slice(1)], { classes, ensemble: config.ensemble }),
    })
    const images = shard === undefined ? planned.length : dealt(planned, shard).length
    const { n0, n } = certification
    const plans = [own, other].map((procedure): CertificationPlan => {
      const bound = gaussianBound(certifiedSigma)
      const copiesPerImage =
        procedure.kind === 'certify'
          ? n0 + n
          : expectedCopies(certifiersOf(procedure, { bound, alpha, n0, n })(ONLY_BALLOT))
      const all = Math.ceil(images * copiesPerImage)
      const passes = Math.ceil(all / pass)
      return { procedure, copiesPerImage, copies: all, passes, seconds: passes * secondsPerPass }
    })
    return { images, sigma, device: session.info.deviceName, pass, secondsPerPass, plans }
  } finally {
    session.free([dataset, networks?.denoiser, networks?.classifier, copies])
    session.free(networks?.others.map(member => member.classifier))
  }
}

/** Seconds of a full pass, once warm. */
async function timePass(
  dataset: Dataset,
  {
    pass,
    signal,
    ...line
  }: {
    readonly smoothing: Smoothing
    readonly voter: Voter
    readonly pass: number
    readonly signal: AbortSignal | undefined
  },
): Promise<number> {
  const { session } = dataset
  const timed = certifyImages(
    session,
    [WARM_UP, TIMED],
    passes => ({
      image_CHW: session.scope(() => toSymmetric(select(dataset.images([0]).images_BCHW, 'B', 0))),
      stream: ['dry run'],
      beside: [],
      certifiers: [drawing(passes * pass)],
    }),
    // One image at a time: the second begins when the first is warm.
    { lines: { main: line }, batch: pass, images: 1, signal },
  )
  let ms = 0
  for await (const { item, durationMs } of timed) ms = durationMs / item
  return ms / 1000
}

/** Draws copies and states nothing. */
function drawing(count: number): Certifier {
  return {
    ...{ kind: 'drawing', ballot: ONLY_BALLOT },
    *begin() {
      yield [{ stage: 'dry run', count }]
      const evidence = { candidate: 0, candidateCount: 0, runnerUp: 0, runnerUpCount: 0, n0: 0, n: count }
      return { kind: 'undecided', why: '', evidence }
    },
  }
}
