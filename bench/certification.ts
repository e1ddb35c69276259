/**
 * Times the certification of digits against a plain Python CERTIFY loop that does the same work, and each option for speed
 * against neither.
 *
 *     npx ts-node bench/certification.ts --rounds 20 --options channelsLast bfloat16 compile
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import Table from 'cli-table3'
import { Option } from 'commander'
import { CLASSIFIER_FOLDER, DENOISER_FOLDER } from '../examples/digits/networks'
import {
  type CertificationConfig,
  type CertificationRow,
  certificationOf,
  certifyDataset,
  connect,
  noiseLevelOf,
  presets,
  readCertificationLog,
  type Session,
  torch,
} from '../src'
import { loadNetworks, testSetSpec } from '../src/certification/load-networks'
import { parseNumber } from '../src/cli/option-values'
import { createProgram, runMain } from '../src/cli/program'
import { progressBar } from '../src/cli/progress'
import { resolveInterpreter } from '../src/environment/interpreter'
import { PlainCertification, type PlainRound } from './plain-certification'
import { median, medianInterval, quantile } from './statistics'

interface Options {
  readonly rounds: number
  readonly images: number
  readonly n: number
  readonly batch: number
  readonly threads: number
  readonly device: string
  readonly options: readonly (keyof typeof VARIANTS)[]
  readonly python?: string
}

/** What certification may be faster with. */
const VARIANTS = {
  bfloat16: { autocast: 'bfloat16' },
  float16: { autocast: 'float16' },
  tf32: { tf32: true },
  channelsLast: { channelsLast: true },
  compile: { compile: true },
} satisfies Record<string, Partial<CertificationConfig>>

/** How much slower than the plain loop the certification may be. */
const RATIO_TARGET = 1.02

/** Images that a variant is warmed up with: compiling happens in them. */
const WARM_UP = 2

type Settings = Partial<CertificationConfig>

/** Certifies images of the digits into logs of their own. */
class Bench implements AsyncDisposable {
  #logs = 0

  private constructor(
    readonly session: Session,
    readonly folder: string,
    readonly config: ReturnType<typeof certificationOf>,
    readonly networks: Awaited<ReturnType<typeof loadNetworks>> & { readonly denoiser: torch.Denoiser },
    readonly dataset: torch.Dataset,
  ) {}

  static async start(session: Session, { n, batch, threads }: Options): Promise<Bench> {
    const preset = presets.digits({
      denoiser: DENOISER_FOLDER,
      classifier: CLASSIFIER_FOLDER,
      output: 'bench',
    })
    const run = certificationOf(preset)
    const config = { ...run, threads, certification: { ...run.certification, n, batch } }
    const { denoiser, ...networks } = await loadNetworks(session, config)
    if (denoiser === null) throw new Error('The digits have a denoiser.')
    const dataset = await torch.openDataset(session, testSetSpec(config.data))
    const folder = await mkdtemp(join(tmpdir(), 'ft-cadis-bench-'))
    return new Bench(session, folder, config, { ...networks, denoiser }, dataset)
  }

  /** Returns the rows, and how long all of it took. */
  async certify(
    indices: readonly number[],
    settings: Settings = {},
  ): Promise<{ rows: readonly CertificationRow[]; ms: number }> {
    const { denoiser, classifier } = this.networks
    const { images: _, ...certification } = { ...this.config.certification, ...settings }
    this.#logs += 1
    const log = join(this.folder, `${this.#logs}.tsv`)
    const begunMs = performance.now()
    await certifyDataset(
      { denoiser, dataset: this.dataset, arms: [{ classifier, log, name: 'digits' }] },
      { ...certification, indices },
    )
    const ms = performance.now() - begunMs
    return { ms, rows: (await readCertificationLog(log)).rows }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true })
  }
}

/** Rounds of the same images on both sides in turn, the first without being timed. Returns milliseconds. */
async function againstPlainLoop(
  bench: Bench,
  loop: PlainCertification,
  { rounds, images }: Options,
): Promise<{ typescript: number; python: number }[]> {
  const bar = progressBar('rounds, both sides in turn', { total: rounds + 1 })
  const times: { typescript: number; python: number }[] = []
  for (let round = 0; round <= rounds; round += 1) {
    const indices = Array.from({ length: images }, (_, position) => (round * images + position) % 597)
    const first = round % 2 === 0 ? await bench.certify(indices) : undefined
    const python = await loop.certify(indices)
    const typescript = first ?? (await bench.certify(indices))
    requireSameVotes(typescript.rows, python)
    if (round > 0) times.push({ typescript: typescript.ms, python: python.seconds * 1000 })
    bar.update(round + 1)
  }
  bar.stop()
  return times
}

/** Otherwise the two sides do different work, and their times do not compare. */
function requireSameVotes(rows: readonly CertificationRow[], { votes }: PlainRound): void {
  for (const [position, { index, counts }] of rows.entries()) {
    const own = [counts?.candidateCount, counts?.runnerUpCount]
    const theirs = [counts?.candidate, counts?.runnerUp].map(label => votes[position]?.[label ?? -1])
    if (own.join() !== theirs.join()) {
      throw new Error(`Image ${index}: ${own} votes in TypeScript, ${theirs} in the Python loop.`)
    }
  }
}

/** Milliseconds an image with an option and without, in turn, once warm. */
async function withAndWithout(
  bench: Bench,
  settings: Settings,
  { images }: Options,
): Promise<{ without: number[]; withIt: number[] }> {
  const indices = Array.from({ length: WARM_UP + images }, (_, position) => position)
  const measure = async (chosen: Settings) =>
    (await bench.certify(indices, chosen)).rows.slice(WARM_UP).map(({ durationMs }) => durationMs)
  const [firstWithout, firstWith] = [await measure({}), await measure(settings)]
  const [withIt, without] = [await measure(settings), await measure({})]
  return { without: [...firstWithout, ...without], withIt: [...firstWith, ...withIt] }
}

async function main(options: Options): Promise<void> {
  const interpreter = await resolveInterpreter({ python: options.python })
  await using session = await connect({ ...options, python: interpreter.path })
  await using bench = await Bench.start(session, options)
  const { facts } = session
  const { n0, n, batch, sigma } = bench.config.certification
  console.log(
    `Certification of digits: ${n0} + ${n} noisy copies an image in batches of ${batch}; ${facts.deviceName}, ` +
      `${facts.device}, ${facts.threads} torch thread(s), torch ${facts.torch}, load ${loadavg()[0]} of ${availableParallelism()}`,
  )
  if (options.rounds > 0) {
    await using loop = await PlainCertification.start(bench.config, {
      interpreter: interpreter.path,
      device: facts.device,
      level: noiseLevelOf(bench.networks.denoiser, sigma),
      classes: bench.dataset.description.classes.length,
    })
    const times = await againstPlainLoop(bench, loop, options)
    const ratios = times.map(({ typescript, python }) => typescript / python)
    const copies = options.images * (n0 + n)
    const table = new Table({
      head: ['side', 'copies/s', 'ms a round', '5 %', '95 %'],
      style: { head: [], border: [] },
    })
    for (const side of ['typescript', 'python'] as const) {
      const own = times.map(time => time[side])
      const shown = [median(own), quantile(own, 0.05), quantile(own, 0.95)].map(ms => ms.toFixed(1))
      table.push([side, ((1000 * copies) / median(own)).toFixed(0), ...shown])
    }
    const { lower, upper } = medianInterval(ratios)
    console.log(table.toString())
    console.log(
      `Same votes on ${options.images * (options.rounds + 1)} images. Median of ${ratios.length} paired ratios ${median(ratios).toFixed(4)}, ` +
        `95 % interval ${lower.toFixed(4)} to ${upper.toFixed(4)}; target: at most ${RATIO_TARGET}: ${median(ratios) <= RATIO_TARGET ? 'met' : 'MISSED'}`,
    )
  }
  for (const name of options.options) {
    const { without, withIt } = await withAndWithout(bench, VARIANTS[name], options)
    const gain = median(without) / median(withIt)
    console.log(
      `${name}: ${median(without).toFixed(1)} ms an image without, ${median(withIt).toFixed(1)} ms with it: ${gain.toFixed(2)} times as fast`,
    )
  }
}

void runMain(async () => {
  const count = parseNumber({ min: 1, integer: true })
  const program = createProgram(
    'bench-certification',
    'Time the certification of digits against a plain Python loop, and its options for speed.',
  )
    .option(
      '--rounds <count>',
      'rounds that are timed on both sides',
      parseNumber({ min: 0, integer: true }),
      10,
    )
    .option('--images <count>', 'images in a round', count, 8)
    .option('--n <count>', 'noisy copies that bound the probability', count, 1000)
    .option('--batch <count>', 'noisy copies in one pass', count, 512)
    .option('--threads <count>', 'torch threads of each side', count, 1)
    .option('--device <name>', 'torch device of both sides', 'cpu')
    .addOption(
      new Option('--options <names...>', 'options whose gain is measured')
        .choices(Object.keys(VARIANTS))
        .default([]),
    )
    .option('--python <path>', 'Python interpreter to use')
  await main((await program.parseAsync()).opts<Options>())
})
