import { basename, dirname, join } from 'node:path'
import { defaultLogPath } from '../certification/certify'
import { requireGaussian } from '../certification/guarantee'
import { requireCertifiable } from '../certification/require-certifiable'
import { procedureSchema } from '../config/certified/procedure-schema'
import { purifySchema } from '../config/certified/purify-schema'
import { fieldDifferences, showValue } from '../config/differences'
import type { CertificationConfig, CertificationRunConfig } from '../config/schema'
import { ConfigError, DataError } from '../errors'
import { given } from '../files/given'
import type { CertificationRow } from '../logs/certification-log'
import { type CertificationLog, readCertificationLog } from '../logs/certification-log-file'
import {
  type CertificationConfiguration,
  type Json,
  LOG_FORMAT,
  type LogMetadata,
  metadataPath,
  requireSameStreams,
} from '../logs/certification-log-metadata'
import { formatIndices } from '../logs/image-plan'
import { STREAMS_VERSION } from '../streams'
import { statedClass } from './gap'
import type { AttackSettings } from './smallest-changes'

export interface AttackOptions extends Partial<AttackSettings> {
  /** The certification log to attack. Default: that of the settings, as `certify` names it. */
  readonly certificates?: string | undefined
  /** The attack log; a partial one of the same call is continued. Default: beside the certification log, with `attack-` in its name. */
  readonly log?: string | undefined
  /** The certified images to attack: `first` and `every` count the rows of their log. Default: all. */
  readonly images?: CertificationConfig['images'] | undefined
  /** For CERTIFY or PREDICT at changed images, α for each image. Default: those of the certification log. */
  readonly n0?: number | undefined
  readonly n?: number | undefined
  readonly alpha?: number | undefined
  /** Default: that of the certification log. Its streams have other names than those of certification. */
  readonly seed?: number | undefined
}

/** An attack before anything is loaded. */
export interface PlannedAttack {
  readonly certificates: CertificationLog & { readonly metadata: LogMetadata }
  /** The chosen certified images. */
  readonly rows: readonly CertificationRow[]
  /** Those of them that state a class. */
  readonly attacked: readonly (CertificationRow & { readonly stated: number })[]
  /** Path of the attack log. */
  readonly log: string
  readonly config: CertificationRunConfig
  readonly settings: AttackSettings
  /** Upper bound of the probability that a certificate or the change of an image is wrong. */
  readonly chance: number
}

/** After 2σ, 8 radii narrow the bracket to less than a hundredth of the usual result. */
export const ATTACK_DEFAULTS: AttackSettings = {
  starts: 3,
  steps: 20,
  noises: 16,
  rounds: 8,
  votes: 400,
  confirm: 'certify',
}

/**
 * Plans an attack on the images of a certification log, from files alone.
 *
 * @throws ConfigError or DataError if a log does not exist, is of another kind or lacks the images, or for settings under which no change
 *   could be confirmed
 */
export async function planAttack(
  config: CertificationRunConfig,
  {
    certificates: path = defaultLogPath(config),
    log = join(dirname(path), `attack-${basename(path).replace(/^certify-/, '')}`),
    images = 'all',
    ...options
  }: AttackOptions = {},
): Promise<PlannedAttack> {
  requireGaussian('An attack', config.certification)
  const certificates = await readCertificates(path)
  const { configuration } = certificates.metadata
  const rows = chooseRows(certificates, images)
  const { starts, steps, noises, rounds, votes, confirm } = options
  const settings = { ...ATTACK_DEFAULTS, ...given({ starts, steps, noises, rounds, votes, confirm }) }
  requireCounts(settings)
  const { n0, n, alpha, seed } = {
    ...configuration,
    ...given({ n0: options.n0, n: options.n, alpha: options.alpha, seed: options.seed }),
  }
  const { denoiserDtype: _, ...arithmetic } = configuration.arithmetic
  const certification = {
    ...{ ...config.certification, ...arithmetic },
    ...{
      n0,
      n,
      alpha,
      seed,
      familyWise: false,
      adaptive: 'none',
      noise: 'gaussian',
      confidence: 'clopper-pearson',
    },
    purify: attackedPurification(configuration),
    procedure: attackedProcedure(configuration),
  } as CertificationConfig
  if (settings.confirm === 'predict' && certification.procedure.kind !== 'certify') {
    throw new ConfigError(
      `${path} is of ${certification.procedure.kind}, and PREDICT asks one smoothed classifier about its majority.`,
      { remedy: "Confirm changes by 'certify', which here is what has certified." },
    )
  }
  const attacked = rows.flatMap(row => {
    const stated = statedClass(row.finding)
    return stated === undefined ? [] : [{ ...row, stated }]
  })
  requireCertifiable(
    { ...certification, alpha: alpha / settings.rounds },
    { sigma: config.smoothing.sigma, images: attacked.length },
  )
  const chance = configuration.alpha + alpha
  return { certificates, rows, attacked, log, config: { ...config, certification }, settings, chance }
}

/**
 * Returns the procedure that must state another class: ACES, a cascade, a router or PixelDP by scores if they certified; CERTIFY for
 * everything that certifies the majority of one smoothed classifier. All its statements are sound, whatever rule the log has.
 */
function attackedProcedure({ procedure }: CertificationConfiguration): CertificationConfig['procedure'] {
  const { kind, threshold, sigma, sigmas, agreement, by } = procedure
  if (kind === 'pixel-dp' && by === 'scores') return { kind, by, split: 'halves' }
  const decisive = {
    aces: { threshold },
    cascade: { threshold, sigmas },
    router: { sigma, sigmas, agreement },
  }
  if (kind !== 'aces' && kind !== 'cascade' && kind !== 'router') return { kind: 'certify' }
  const { data } = procedureSchema.safeParse({ kind, ...decisive[kind] })
  if (data !== undefined) return data
  throw new DataError(
    `The log says it is of ${kind}, and not by which ${kind === 'aces' ? 'threshold' : 'noise levels'}.`,
    {
      remedy: 'Restore the file beside the log, or certify again.',
    },
  )
}

/** Returns how the log's classifier votes on a copy, which is attacked. */
function attackedPurification({
  purify = { kind: 'once' },
}: CertificationConfiguration): CertificationConfig['purify'] {
  const { data } = purifySchema.safeParse(purify)
  if (data !== undefined) return data
  throw new DataError('The log does not say how a noisy copy gets its vote.', {
    remedy: 'Restore the file beside the log, or certify again.',
  })
}

async function readCertificates(path: string): Promise<PlannedAttack['certificates']> {
  const log = await readCertificationLog(path)
  const { metadata } = log
  if (metadata === undefined) {
    throw new ConfigError(`${path} has no ${metadataPath(path)}, so nothing says what was certified.`, {
      remedy: 'Certify with this package, and attack that log.',
    })
  }
  if (metadata.format !== LOG_FORMAT) {
    throw new ConfigError(`${path} has format ${metadata.format}, expected ${LOG_FORMAT}.`, {
      remedy: 'Certify again with this version, and attack that log.',
    })
  }
  requireSameStreams(path, metadata.configuration, { streams: STREAMS_VERSION })
  if (metadata.configuration.norm !== 'l2') {
    throw new ConfigError(`${path} has radii of ${metadata.configuration.norm}, and the attack is in l2.`, {
      remedy: 'Attack a log with l2 radii.',
    })
  }
  if (metadata.configuration.bound === 'discrete-gaussian') {
    throw new ConfigError(
      `${path} has certificates of images in whole steps of 1/255 (--sound), and the attack finds changes between them.`,
      { remedy: 'Attack a log of the same classifier without --sound.' },
    )
  }
  return { ...log, metadata }
}

function chooseRows(
  { file, rows }: CertificationLog,
  images: CertificationConfig['images'],
): readonly CertificationRow[] {
  if (rows.length === 0) {
    throw new ConfigError(`${file} has no certified images.`, { remedy: 'Certify some first.' })
  }
  if (images === 'all') return rows
  if ('first' in images) return rows.slice(0, images.first)
  if ('every' in images) return rows.filter((_, position) => position % images.every === 0)
  if ('onePerClass' in images) {
    return rows.filter(({ label }, position) => rows.findIndex(other => other.label === label) === position)
  }
  if ('random' in images || 'overClasses' in images) {
    throw new ConfigError('Images to attack are chosen among those of the certification log, not drawn.', {
      remedy: 'Name them as first:N, every:K, or by position.',
    })
  }
  const byIndex = new Map(rows.map(row => [row.index, row]))
  const absent = images.indices.filter(index => !byIndex.has(index))
  if (absent.length > 0) {
    throw new ConfigError(`${file} has no rows of the images ${formatIndices(absent)}.`, {
      remedy: 'Certify them first, or attack others.',
    })
  }
  return images.indices.flatMap(index => byIndex.get(index) ?? [])
}

function requireCounts({ confirm: _, ...counts }: AttackSettings): void {
  for (const [name, value] of Object.entries(counts)) {
    if (Number.isInteger(value) && value >= 1) continue
    throw new ConfigError(`${name} must be a whole number of at least 1, got ${value}.`, {
      remedy: `Leave it out for ${ATTACK_DEFAULTS[name as keyof AttackSettings]}.`,
    })
  }
}

/** Fields that determine a smoothed classifier and its certified images. */
const SAME = ['sigma', 'realisedSigma', 'norm', 'arithmetic', 'data', 'models'] as const

/**
 * Throws for certificates of another smoothed classifier or other data.
 *
 * @throws ConfigError with the differences
 */
export function requireSameClassifier(
  file: string,
  certified: CertificationConfiguration,
  atHand: CertificationConfiguration,
): void {
  const part = (configuration: CertificationConfiguration): Json =>
    Object.fromEntries(SAME.map(field => [field, configuration[field] ?? null]))
  const differences = fieldDifferences(part(certified), part(atHand))
  if (differences.length === 0) return
  const list = differences.map(
    ({ field, before, after }) => `  ${field}: ${showValue(before)} in the log, ${showValue(after)} now`,
  )
  throw new ConfigError(
    `${file} is about another smoothed classifier or other data than those to attack:\n${list.join('\n')}\n`,
    { remedy: 'Name the run or the checkpoint that the log is of.' },
  )
}
