import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { HookTraces } from '../../src/config/hook-trace'
import { presets } from '../../src/config/presets'
import type { RunConfig } from '../../src/config/schema'
import type { EpochReport, UpdateReport } from '../../src/runs/reports'
import type { RunState } from '../../src/runs/run-folder'
import type { SamplesFile } from '../../src/runs/watchers/sample-files'
import type { RunData } from '../../src/smoothing/data-identity'

/** Run folders as a run leaves them, without a run. */

/** A report of update `step` in a run of 3 epochs of 4 updates. */
export function updateReport(step: number, changes: Partial<UpdateReport> = {}): UpdateReport {
  const epoch = Math.ceil(step / 4)
  return {
    ...{ epoch, update: step - 4 * (epoch - 1), updatesPerEpoch: 4, epochs: 3, step, steps: 12 },
    ...{ loss: 1 / step, lossTerm: 0 },
    metrics: {
      selectiveCrossEntropy: 0.5,
      adversarial: 0.25,
      keptShare: 0.5,
      allKeptShare: 0.25,
      denoisedAccuracy: 0.5,
      attackedShare: 0.25,
      attackSuccess: null,
      epsilon: 0.5,
    },
    ...{ gradientNorm: 2, clippedGradientNorm: 1, taken: true, lossScale: 1 },
    ...{ durationMs: 100, hostMs: 5, imagesPerSecond: 640, roundTrips: 2, liveTensors: 7, deviceBytes: null },
    ...{ learningRate: 1e-3, firstLayerLearningRate: 1e-4, lastLayerLearningRate: 1e-3 },
    weightDecay: 0.04,
    ...changes,
  }
}

export function epochReport(epoch: number, changes: Partial<EpochReport> = {}): EpochReport {
  const counts = { epoch, step: 4 * epoch, skippedImages: 0, skippedPaths: [] }
  return { ...counts, metrics: { clean: 0.9, noisy: 0.5 + epoch / 100 }, ...changes }
}

/** The same as rows of `metrics.jsonl`, where metrics stand beside the fields. */
export function updateRow(...of: Parameters<typeof updateReport>): object {
  const { metrics, ...fields } = updateReport(...of)
  return { kind: 'update', ...fields, ...metrics }
}

export function epochRow(...of: Parameters<typeof epochReport>): object {
  const { metrics, ...fields } = epochReport(...of)
  return { kind: 'epoch', ...fields, ...metrics }
}

/** The rows of that many updates, with those of the epochs between. */
export function rows(updates: number): object[] {
  return Array.from({ length: updates }, (_, index) => index + 1).flatMap(step => [
    updateRow(step),
    ...(step % 4 === 0 ? [epochRow(step / 4)] : []),
  ])
}

/** A grey pixel. */
export const PIXEL =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg=='

export function samplesFile(epoch: number): SamplesFile {
  const denoised = [
    { png: PIXEL, predicted: 1, kept: true },
    { png: PIXEL, predicted: 0, kept: false },
  ]
  return {
    ...{ epoch, step: 4 * epoch, classes: ['nought', 'one'] },
    samples: [{ index: 5, label: 1, clean: PIXEL, denoised }],
  }
}

export interface WrittenRun {
  readonly rows?: readonly object[]
  /** What follows the last whole row. */
  readonly cut?: string
  readonly state?: Partial<RunState> | null
  readonly lambda?: number
  readonly data?: RunConfig['data']
  /** Its images, as recorded. */
  readonly images?: RunData
  readonly hooks?: HookTraces
  /** Further files by their path in the folder. */
  readonly files?: Readonly<Record<string, unknown>>
}

/** Writes a run folder. */
export async function writeRun(
  folder: string,
  {
    rows: metrics = rows(8),
    cut = '',
    state = {},
    lambda = 2,
    data,
    images,
    hooks,
    files = {},
  }: WrittenRun = {},
): Promise<void> {
  const config = presets.digits({ denoiser: 'denoiser', classifier: 'classifier', output: folder })
  const description = {
    config: { ...config, data: data ?? config.data, method: { ...config.method, lambda } },
    data: images,
    hooks,
    weights: { classifier: { sha256: 'c1a5' } },
    versions: { ftCadis: '0.1.0', node: '20.20.2' },
    python: { device: 'cpu', torch: '2.13.0' },
    commit: null,
    startedAt: '2026-01-02T03:04:05.678Z',
  }
  const whole: Record<string, unknown> = {
    'config.json': description,
    'metrics.jsonl': metrics.map(row => `${JSON.stringify(row)}\n`).join('') + cut,
    ...(state === null
      ? {}
      : {
          'state.json': {
            ...{ state: 'finished', step: 8, steps: 12, updatedAt: '2026-01-02T03:04:06.789Z' },
            ...state,
          },
        }),
    ...files,
  }
  for (const [name, content] of Object.entries(whole)) {
    await mkdir(join(folder, name, '..'), { recursive: true })
    await writeFile(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content))
  }
}
