import { connect } from '../../bridge'
import { sourceOfClassifier } from '../../config/model-schema'
import { requireExtra } from '../../environment/extras'
import { CheckpointError, ConfigError } from '../../errors'
import { given } from '../../files/given'
import { loadBaseClassifier } from '../../smoothing/load-networks'
import type { KnownSmoothed } from '../../smoothing/smoothed-input'
import { say } from '../../terminal/print'
import { loadingLine } from '../../terminal/progress'
import { smoothedSource } from '../smoothed-source'
import { describeRun, imageShapeOf, licenceOf } from './describe-run'
import { requireFree } from './targets'
import { writeExport } from './write-export'
import { writeOnnx } from './write-onnx'

export interface ExportOptions {
  readonly checkpoint?: string
  readonly merge?: string
  readonly adapter?: string
  readonly onnx?: string
  readonly licence?: string
  readonly python?: string
}

/** `ft-cadis export`: writes folders that other programs load, each with a model card, and prints how. */
export async function runExport(folder: string, options: ExportOptions): Promise<void> {
  const { checkpoint, merge, adapter, onnx, python } = options
  const known = await smoothedSource(folder, given({ checkpoint }))
  requireExportable(folder, known, { wantsClassifier: merge !== undefined || adapter !== undefined })
  await requireFree({ '--merge': merge, '--adapter': adapter, '--onnx': onnx })
  if (onnx !== undefined) await requireExtra('onnx', '`export --onnx`', { python })
  const about = await describeRun(folder, known)
  for (const note of about.notes) say(`note: ${note}`)

  using loading = loadingLine({ isShown: true })
  loading.show('starting Python and PyTorch')
  await using session = await connect({ device: 'cpu', python })
  const { config } = known
  const licence = options.licence ?? (await licenceOf(session, known))
  if (merge !== undefined || adapter !== undefined) {
    loading.show('loading the classifier')
    const loaded = await loadBaseClassifier(session, config.classifier, { checkpoint: config.checkpoint })
    loading.end()
    if (adapter !== undefined && !loaded.isAdapter) throw withoutAdapters(about.name)
    const details = {
      ...about,
      licence,
      imageShape: known.imageShape ?? (await imageShapeOf(session, known)),
    }
    if (merge !== undefined) {
      await writeExport('merged', merge, details, async unfinished => {
        await loaded.classifier.exportMerged(unfinished)
      })
    }
    if (adapter !== undefined) {
      await writeExport('adapter', adapter, details, async unfinished => {
        await loaded.classifier.exportAdapter(unfinished)
      })
    }
    session.free(loaded.classifier)
  }
  if (onnx !== undefined) await writeOnnx(session, onnx, { about, licence })
}

function requireExportable(
  folder: string,
  { config }: KnownSmoothed,
  { wantsClassifier }: { readonly wantsClassifier: boolean },
): void {
  if (config.ensemble !== undefined) {
    throw new ConfigError(
      `${folder} is an ensemble of ${1 + config.ensemble.others.length} classifiers, expected one.`,
      { remedy: 'Give the folder of one of its members, such as members/0.' },
    )
  }
  if (config.checkpoint !== undefined || !wantsClassifier) return
  throw new CheckpointError(
    `The run ${folder} has trained its denoiser: the ${sourceOfClassifier(config.classifier).title.replace(/^an? /, '')} behind it is as it was.`,
    { remedy: 'Give --onnx, which takes both; or use the denoiser in the folder of its checkpoint.' },
  )
}

function withoutAdapters(name: string): CheckpointError {
  return new CheckpointError(`${name} has no adapters: the whole network was trained.`, {
    remedy: 'Give --merge, which writes the whole network.',
  })
}
