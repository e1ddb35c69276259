import type { Session } from '../bridge'
import { dealt, type Shard } from '../logs/shards'
import { smoothedOf } from '../runs/smoothed-of-folder'
import { toSymmetric } from '../smoothing/denoise'
import { configuredSmoothing, imageKindOf, ownedBy } from '../smoothing/first-layer'
import { type CertifiedNetworks, loadNetworks } from '../smoothing/load-networks'
import { type PassesOfCopy, passesOfCopy, purificationOf } from '../smoothing/purification'
import type { SmoothedInput } from '../smoothing/smoothed-input'
import type { Noise } from '../smoothing/smoothing'
import { datasetSpec } from '../smoothing/specs'
import { type Classifier, type Dataset, openDataset, select } from '../torch'
import { firstLine, linesOf, scalesOf } from './arm-lines'
import { armOf, classifiersOf, prepareArms } from './arm-networks'
import type { Certifier } from './certifiers/certifier'
import { chooseImages } from './choose-images'
import { expectedCopies } from './expected-copies'
import { drawnNoise } from './noise'
import { certifiersOf, mostCopies, type ProcedureSettings, procedureBound, procedureOf } from './procedure'
import { certifyImages } from './queue/certify-images'
import type { Line } from './queue/line'
import { passSizeOf } from './queue/pass-size'
import { requireCertifiable } from './require-certifiable'

/** The estimated cost of a certification on this device. */
export interface CertificationDryRun {
  readonly images: number
  readonly sigma: number
  readonly device: string
  /** Noisy copies per pass. */
  readonly pass: number
  /** Time of a full pass after warm-up. */
  readonly secondsPerPass: number
  /** Network passes per copy. */
  readonly passesOfCopy: PassesOfCopy
  /** As in the settings, and the alternative, adaptive or with a fixed n; --sound and Laplace noise have only their own. */
  readonly plans: readonly CertificationPlan[]
}

export interface CertificationPlan {
  readonly procedure: ProcedureSettings
  /** Copies per image: the mean for adaptive procedures, from {@link expectedCopies}; the maximum for a cascade. */
  readonly copiesPerImage: number
  readonly copies: number
  readonly passes: number
  readonly seconds: number
}

/** Procedures whose number of votes depends on earlier votes. */
const ADAPTIVE: readonly ProcedureSettings['kind'][] = ['grid', 'at-radius', 'sized']

/** Passes before the timed ones, which include compiling. */
const WARM_UP = 2
const TIMED = 10

/**
 * Estimates a certification's cost from the time of ten passes of its networks and data. Writes nothing.
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
  let noise: Noise = { kind: 'gaussian' }
  try {
    const planned = await chooseImages(dataset, certification)
    requireCertifiable(certification, { sigma, images: planned.length })
    networks = await loadNetworks(session, config, { expected })
    const configured = await configuredSmoothing(config.smoothing, {
      ...networks,
      images: imageKindOf(dataset),
    })
    const smoothing = { ...configured, autocast: certification.autocast }
    const prepared = await prepareArms(
      session,
      { smoothing, arms: [armOf(config, networks)] },
      { certification, dataset, example: () => select(dataset.images([0]).images_BCHW, 'B', 0) },
    )
    copies = [...prepared.classifiers, ...ownedBy(smoothing)]
    const own = procedureOf(certification, { sigma })
    const other: typeof certification =
      own.kind === 'certify'
        ? { ...certification, adaptive: { radii: 'sigma' } }
        : { ...certification, procedure: { kind: 'certify' }, adaptive: 'none' }
    const { n0, n } = certification
    const scales = scalesOf(own, smoothing, { ...certification, images: planned.length })
    const [guarantee] = scales
    const { alpha, certifiedSigma } = guarantee
    const values = dataset.description.imageShape.reduce((product, size) => product * size, 1)
    noise = drawnNoise(certification, { smoothing, guarantee, values }).begin(session)
    const purification = purificationOf(certification.purify, smoothing)
    const asked = { scales, noise, purification, arms: prepared.arms, images: planned.length, n0, n }
    const line = linesOf(own, asked)[firstLine(own)] as Line
    const pass = passSizeOf({ batch: certification.batch, copies: Number(line.copies) })
    const secondsPerPass = await timePass(dataset, { ...line, pass, signal })
    const images = shard === undefined ? planned.length : dealt(planned, shard).length
    const isFixed = ['discrete-gaussian', 'laplace'].includes(certification.noise)
    const plans = [own, ...(isFixed ? [] : [procedureOf(other, { sigma })])].map(
      (procedure): CertificationPlan => {
        const bound = procedureBound(procedure, { noise: certification.noise, sigma: certifiedSigma })
        const copiesPerImage = ADAPTIVE.includes(procedure.kind)
          ? expectedCopies(certifiersOf(procedure, { bound, alpha, n0, n })())
          : mostCopies(procedure, { n0, n })
        const all = Math.ceil(images * copiesPerImage)
        const passes = Math.ceil(all / pass)
        return { procedure, copiesPerImage, copies: all, passes, seconds: passes * secondsPerPass }
      },
    )
    return {
      ...{ images, sigma, device: session.info.deviceName, pass, secondsPerPass, plans },
      passesOfCopy: passesOfCopy(purification, smoothing),
    }
  } finally {
    session.free([dataset, networks?.denoiser, networks && classifiersOf(networks), copies, noise])
  }
}

/** Returns the seconds of a full pass after warm-up. */
async function timePass(
  dataset: Dataset,
  {
    pass,
    signal,
    ...line
  }: {
    readonly pass: number
    readonly signal: AbortSignal | undefined
  } & Line,
): Promise<number> {
  const { session } = dataset
  const timed = certifyImages(
    session,
    [WARM_UP, TIMED],
    passes => ({
      image_CHW: session.scope(() => toSymmetric(select(dataset.images([0]).images_BCHW, 'B', 0))),
      stream: ['dry run'],
      beside: [],
      certifiers: [drawing(passes * pass, Object.keys(line.voter.ballots))],
    }),
    // One image at a time: the second starts when the first is warm.
    { lines: { main: line }, batch: pass, images: 1, signal },
  )
  let ms = 0
  for await (const { item, durationMs } of timed) ms = durationMs / item
  return ms / 1000
}

/** A certifier that draws copies and makes no statement. */
function drawing(count: number, ballots: readonly string[]): Certifier {
  return {
    ...{ kind: 'drawing', ballot: ballots[0] ?? '' },
    *begin() {
      yield ballots.map(ballot => ({ stage: 'dry run', count, ballot }))
      const evidence = { candidate: 0, candidateCount: 0, runnerUp: 0, runnerUpCount: 0, n0: 0, n: count }
      return { kind: 'undecided', why: '', evidence }
    },
  }
}
