import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type CertificationConfig,
  type CertificationRow,
  certificationOf,
  certifyDataset,
  presets,
  type Session,
  smoothingOf,
  torch,
} from '../../src'
import { readCertificationLog } from '../../src/analysis'
import { loadNetworks } from '../../src/smoothing/load-networks'
import { datasetSpec } from '../../src/smoothing/specs'
import { PlainCertification, type PlainRound } from './plain-certification'

export interface CertificationBenchOptions {
  /** Rounds that are timed on both sides. */
  readonly rounds: number
  /** Images of a round. */
  readonly images: number
  readonly n: number
  readonly batch: number
  readonly threads: number
}

/** What certification may be faster with. */
export const VARIANTS = {
  bfloat16: { autocast: 'bfloat16' },
  float16: { autocast: 'float16' },
  tf32: { tf32: true },
  channelsLast: { channelsLast: true },
  compile: { compile: true },
} satisfies Record<string, Partial<CertificationConfig>>

/** Images that a variant is warmed up with: compiling happens in them. */
const WARM_UP = 2

type Settings = Partial<CertificationConfig>

/** Certifies images of the digits into their own logs. */
export class CertificationBench implements AsyncDisposable {
  #logs = 0

  private constructor(
    readonly session: Session,
    readonly folder: string,
    readonly config: ReturnType<typeof certificationOf>,
    readonly networks: Awaited<ReturnType<typeof loadNetworks>> & { readonly denoiser: torch.AnyDenoiser },
    readonly dataset: torch.Dataset,
  ) {}

  static async start(
    session: Session,
    { n, batch, threads }: CertificationBenchOptions,
  ): Promise<CertificationBench> {
    const preset = presets.digits({ output: 'bench' })
    const run = certificationOf(preset)
    const config = { ...run, threads, certification: { ...run.certification, n, batch } }
    const { denoiser, ...networks } = await loadNetworks(session, config)
    if (denoiser === null) throw new Error('The digits have a denoiser.')
    const dataset = await torch.openDataset(session, datasetSpec(config.data, 'test'))
    const folder = await mkdtemp(join(tmpdir(), 'ft-cadis-bench-'))
    return new CertificationBench(session, folder, config, { ...networks, denoiser }, dataset)
  }

  /** Returns the rows, and how long all of it took. */
  async certify(
    indices: readonly number[],
    settings: Settings = {},
  ): Promise<{ rows: readonly CertificationRow[]; ms: number }> {
    const { denoiser, classifier } = this.networks
    const certification = { ...this.config.certification, ...settings }
    this.#logs += 1
    const log = join(this.folder, `${this.#logs}.tsv`)
    const begunMs = performance.now()
    await certifyDataset(
      {
        smoothing: smoothingOf(denoiser, this.config.smoothing.sigma),
        dataset: this.dataset,
        arms: [{ classifier, log, name: 'digits' }],
      },
      { certification, indices },
    )
    const ms = performance.now() - begunMs
    return { ms, rows: (await readCertificationLog(log)).rows }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true })
  }
}

/** A round of the same images on both sides. */
export interface CertificationRound {
  readonly typescriptMs: number
  readonly pythonMs: number
}

/** Rounds of the same images on both sides in turn, the first without being timed. */
export async function againstPlainLoop(
  bench: CertificationBench,
  {
    rounds,
    images,
    interpreter,
    onRound,
  }: Pick<CertificationBenchOptions, 'rounds' | 'images'> & {
    readonly interpreter: string
    readonly onRound?: (done: number) => void
  },
): Promise<CertificationRound[]> {
  const { denoiser } = bench.networks
  await using loop = await PlainCertification.start(bench.config, {
    interpreter,
    device: bench.session.info.device,
    smoothing: smoothingOf(denoiser, bench.config.smoothing.sigma),
    classes: bench.dataset.description.classes.length,
  })
  const times: CertificationRound[] = []
  for (let round = 0; round <= rounds; round += 1) {
    const indices = Array.from({ length: images }, (_, position) => (round * images + position) % 597)
    const first = round % 2 === 0 ? await bench.certify(indices) : undefined
    const python = await loop.certify(indices)
    const typescript = first ?? (await bench.certify(indices))
    requireSameVotes(typescript.rows, python)
    if (round > 0) times.push({ typescriptMs: typescript.ms, pythonMs: python.seconds * 1000 })
    onRound?.(round + 1)
  }
  return times
}

/** Passes of other sizes round otherwise. */
const ROUNDED_VOTES = 2

/** Otherwise the two sides do different work, and their times do not compare. */
export function requireSameVotes(
  rows: readonly CertificationRow[],
  { votes }: Pick<PlainRound, 'votes'>,
  { roundedVotes = ROUNDED_VOTES } = {},
): void {
  for (const [position, { index, evidence }] of rows.entries()) {
    const own = [evidence?.candidateCount, evidence?.runnerUpCount]
    const theirs = [evidence?.candidate, evidence?.runnerUp].map(label => votes[position]?.[label ?? -1])
    if (own.some((count, place) => !(Math.abs((count ?? 0) - (theirs[place] ?? 0)) <= roundedVotes))) {
      throw new Error(`Image ${index}: ${own} votes in TypeScript, ${theirs} in the Python loop.`)
    }
  }
}

/** Milliseconds an image with an option and without, in turn, once warm. */
export async function withAndWithout(
  bench: CertificationBench,
  settings: Settings,
  { images }: Pick<CertificationBenchOptions, 'images'>,
): Promise<{ without: number[]; withIt: number[] }> {
  const indices = Array.from({ length: WARM_UP + images }, (_, position) => position)
  const measure = async (chosen: Settings) =>
    (await bench.certify(indices, chosen)).rows.slice(WARM_UP).map(({ durationMs }) => durationMs)
  const [firstWithout, firstWith] = [await measure({}), await measure(settings)]
  const [withIt, without] = [await measure(settings), await measure({})]
  return { without: [...firstWithout, ...without], withIt: [...firstWith, ...withIt] }
}
