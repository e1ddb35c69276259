import { join } from 'node:path'
import { connect, type Session } from '../../bridge'
import { certificationOf } from '../../config/schema'
import { requireExtra } from '../../environment/extras'
import { CheckpointError } from '../../errors'
import { isFolder } from '../../files/exists'
import { given } from '../../files/given'
import { findCheckpoint } from '../../runs/find-checkpoint'
import { requireNoiseOnImage } from '../../smoothing/first-layer'
import { loadBaseClassifier } from '../../smoothing/load-networks'
import type { KnownSmoothed } from '../../smoothing/smoothed-input'
import { say } from '../../terminal/print'
import { loadingLine } from '../../terminal/progress'
import { smoothedSource } from '../smoothed-source'
import { describeRun, imageShapeOf, licenceOf } from './describe-run'
import { exportedClassifiers } from './exported-classifiers'
import { requireFree } from './targets'
import { type ExportDetails, writeExport } from './write-export'
import { writeOnnx } from './write-onnx'

export interface ExportOptions {
  readonly checkpoint?: string
  readonly merge?: string
  readonly adapter?: string
  readonly onnx?: string
  readonly licence?: string
  readonly python?: string
}

/** `ft-cadis export`: writes folders that other programs load, each with a model card, and prints how to load them. */
export async function runExport(folder: string, options: ExportOptions): Promise<void> {
  const { checkpoint, merge, adapter, onnx, python } = options
  const known = await knownOf(folder, { checkpoint })
  requireNoiseOnImage('An export', known.config.smoothing)
  const classifiers = exportedClassifiers(folder, known, {
    wantsClassifier: merge !== undefined || adapter !== undefined,
  })
  await requireFree({ '--merge': merge, '--adapter': adapter, '--onnx': onnx })
  if (onnx !== undefined) await requireExtra('onnx', '`export --onnx`', { python })
  const described = await Promise.all(
    classifiers.map(async ({ known: own, place }) => ({ place, about: await describeRun(folder, own) })),
  )
  for (const note of new Set(described.flatMap(({ about }) => about.notes))) say(`note: ${note}`)

  using starting = loadingLine({ isShown: true })
  starting.show('starting Python and PyTorch')
  await using session = await connect({ device: 'cpu', python })
  const licence = options.licence ?? (await licenceOf(session, known))
  starting.end()
  for (const { place, about } of described) {
    if (merge !== undefined || adapter !== undefined) {
      await exportClassifier(
        session,
        { ...about, licence, imageShape: known.imageShape ?? (await imageShapeOf(session, known)) },
        { merge: merge && join(merge, place), adapter: adapter && join(adapter, place) },
      )
    }
    if (onnx !== undefined) await writeOnnx(session, join(onnx, place), { about, licence })
  }
}

/** Returns the content of a folder, with the settings of its run: `smoothed.json` has paths of the machine that wrote it. */
async function knownOf(
  folder: string,
  { checkpoint }: { readonly checkpoint: string | undefined },
): Promise<KnownSmoothed> {
  const known = await smoothedSource(folder, given({ checkpoint }))
  const { output } = known.config
  if (!(await isFolder(join(output, 'checkpoints')))) return known
  const run = await findCheckpoint(folder, { checkpoint })
  return { ...known, config: { ...certificationOf(run.config, run.checkpoint), output } }
}

/** Writes the classifier without the denoiser: the whole network, its adapters, or both. */
async function exportClassifier(
  session: Session,
  details: ExportDetails,
  { merge, adapter }: { readonly merge: string | undefined; readonly adapter: string | undefined },
): Promise<void> {
  using loading = loadingLine({ isShown: true })
  loading.show('loading the classifier')
  const { classifier: settings, checkpoint } = details.known.config
  const { classifier, isAdapter } = await loadBaseClassifier(session, settings, { checkpoint })
  loading.end()
  if (adapter !== undefined && !isAdapter) throw withoutAdapters(details.name)
  if (merge !== undefined) {
    await writeExport('merged', merge, details, unfinished => classifier.exportMerged(unfinished))
  }
  if (adapter !== undefined) {
    await writeExport('adapter', adapter, details, unfinished => classifier.exportAdapter(unfinished))
  }
  session.free(classifier)
}

function withoutAdapters(name: string): CheckpointError {
  return new CheckpointError(`${name} has no adapters: the whole network was trained.`, {
    remedy: 'Give --merge, which writes the whole network.',
  })
}
