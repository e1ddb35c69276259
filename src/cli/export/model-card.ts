import { renderTable } from '../../analysis/tables'
import { sidesOf } from '../../config/sources/image-size'
import { isObject } from '../../files/read-json'
import type { CertificationLog } from '../../logs/certification-log-file'
import { certifyCommand } from '../../logs/certify-command'
import type { KnownSmoothed } from '../../smoothing/smoothed-input'
import { accuracyTable } from './card-logs'
import type { ExportKind } from './snippets'

/** Of the network alone, without votes. */
export interface BaseAccuracy {
  readonly clean: number
  /** As the smoothed classifier sees them: denoised if there is a denoiser. */
  readonly noisy: number
}

export interface ModelCard {
  readonly kind: ExportKind
  /** Name of the run and of the checkpoint. */
  readonly name: string
  readonly known: KnownSmoothed
  /** The settings of the run from `config.json`; undefined without one. */
  readonly run: Readonly<Record<string, unknown>> | undefined
  /** State of the run, such as `finished`. */
  readonly condition: string | undefined
  /** Shares of test images that the network got right when the checkpoint was written; undefined where nothing says them. */
  readonly accuracy: BaseAccuracy | undefined
  /** Certification logs of these weights. */
  readonly logs: readonly CertificationLog[]
  /** Hub id of the base weights; undefined if they are not from a hub. */
  readonly baseModel: string | undefined
  /** Identifier of the licence of the base weights; undefined if unknown. */
  readonly licence: string | undefined
  /** SHA-256 of the exported files, by name. */
  readonly files: Readonly<Record<string, string>>
  readonly snippet: string
  readonly version: string
}

/** What the folder holds, and what it expects. */
function holding({ kind, known: { config } }: ModelCard): string {
  const isDenoised = hasDenoiser(config)
  if (kind === 'onnx') {
    return `${isDenoised ? 'denoiser and classifier as one' : 'the classifier as an'} ONNX graph, from noisy images to logits`
  }
  return kind === 'merged'
    ? 'the fine-tuned classifier'
    : 'the LoRA adapters and the head of the fine-tuned classifier'
}

function hasDenoiser({ smoothing }: KnownSmoothed['config']): boolean {
  return smoothing.denoiser.source !== 'none'
}

/**
 * Returns the model card of an exported folder, with the metadata that the Hugging Face hub reads. It contains no local
 * paths.
 */
export function modelCard(card: ModelCard): string {
  const accuracy = baseAccuracyText(card)
  const sections = [
    metadataOf(card),
    `# ${plain(card.name)}, σ = ${card.known.config.smoothing.sigma}`,
    introduction(card),
    `## Load it\n\n\`\`\`python\n${card.snippet}\n\`\`\``,
    `## Smoothing\n\n${smoothingList(card.known)}`,
    `## Data\n\n${dataText(card.known)}`,
    ...(accuracy === undefined ? [] : [`## Accuracy without votes\n\n${accuracy}`]),
    `## Certified accuracy\n\n${accuracyText(card)}`,
    `## Weights\n\n${weightsText(card)}`,
    `## Licence\n\n${licenceText(card)}`,
    `## Reproduce\n\n${reproduceText(card)}`,
  ]
  return `${sections.join('\n\n')}\n`
}

function metadataOf({ kind, known, licence, baseModel }: ModelCard): string {
  const { source } = known.config.classifier
  const library = { merged: source, adapter: 'peft', onnx: 'onnx' }[kind]
  const isLibrary = ['timm', 'transformers', 'peft', 'onnx'].includes(library)
  return [
    '---',
    `license: ${licence ?? 'unknown'}`,
    ...(isLibrary ? [`library_name: ${library}`] : []),
    'pipeline_tag: image-classification',
    ...(baseModel === undefined ? [] : [`base_model: ${JSON.stringify(baseModel)}`]),
    'tags:',
    ...['ft-cadis', 'certified-robustness', 'randomized-smoothing'].map(tag => `- ${tag}`),
    ...(hasDenoiser(known.config) ? ['- denoised-smoothing'] : []),
    '---',
  ].join('\n')
}

function introduction(card: ModelCard): string {
  const { kind, known, run, condition, version } = card
  const { classifier, smoothing } = known.config
  const { sigma } = smoothing
  const isDenoised = hasDenoiser(known.config)
  const method = isObject(run?.method) ? String(run.method.kind) : undefined
  const trained = method === undefined ? '' : ` It was trained by the method \`${plain(method)}\`.`
  const open =
    condition === undefined || condition === 'finished'
      ? ''
      : ` The run was ${condition} when this checkpoint was exported.`
  const expects =
    kind === 'onnx'
      ? ''
      : ` It is the base classifier of a smoothed one, and expects images with Gaussian noise of σ = ${sigma} ${isDenoised ? 'that were denoised' : 'added'}, not clean ones.`
  return [
    `This folder holds ${holding(card)} (source \`${classifier.source}\`), written by ft-cadis ${version}.${expects}${trained}${open}`,
    `Certificates are about the *smoothed* classifier: the majority vote of this classifier over copies of an image with Gaussian noise of σ = ${sigma}${isDenoised ? ', each denoised first' : ''}. The classifier alone has none.`,
  ].join('\n\n')
}

/** Accuracy of the network alone; undefined where nothing says it. */
function baseAccuracyText({ accuracy, known: { config } }: ModelCard): string | undefined {
  if (accuracy === undefined) return undefined
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`
  return `Of the test images of the training, after the epoch of this checkpoint: ${percent(accuracy.clean)} of clean ones, ${percent(accuracy.noisy)} of ones with noise of σ = ${config.smoothing.sigma}${hasDenoiser(config) ? ' that were denoised' : ''}.`
}

function smoothingList({ config, noise, imageShape, weights }: KnownSmoothed): string {
  const { sigma, denoiser } = config.smoothing
  const { inputRange, resize } = config.classifier
  const lines: readonly (readonly [string, string | undefined])[] = [
    ['σ, standard deviation of the noise for pixels in [0, 1]', String(sigma)],
    ['denoiser', denoiser.source],
    ['SHA-256 of the denoiser', hashText(weights?.denoiser)],
    ['timestep', text(noise?.timestep)],
    ['σ that the timestep adds', text(noise?.realisedSigma)],
    ['images: channels, height, width', imageShape?.join(' × ')],
    ['images are resized to', resize === undefined ? undefined : sidesOf(resize).join(' × ')],
    [
      'the classifier takes',
      inputRange === 'symmetric'
        ? 'pixels in [-1, 1]'
        : `pixels in [0, 1], normalised by mean ${inputRange.mean.join(', ')} and standard deviation ${inputRange.std.join(', ')}`,
    ],
  ]
  return lines.flatMap(([name, value]) => (value === undefined ? [] : [`- ${name}: ${value}`])).join('\n')
}

function dataText({ config, classes, data }: KnownSmoothed): string {
  const counts =
    data === undefined ? '' : `, ${data.train.images} training and ${data.test.images} test images`
  const names =
    classes === undefined
      ? ''
      : `\n\n${classes.length} classes, in the order of the logits: ${classes.map(plain).join(', ')}.`
  return `Source \`${config.data.source}\`${counts}.${names}`
}

function accuracyText({ logs }: ModelCard): string {
  const table = accuracyTable(logs)
  if (table === undefined) return 'These weights have not been certified.'
  return `${renderTable(table, 'markdown')}\n\nEach certificate is wrong with probability at most α over the noise of its certification (CERTIFY of Cohen et al., 2019). Accuracies are of the images that were certified, not of all images.`
}

function weightsText({ known, files }: ModelCard): string {
  const checkpoint = Object.entries(known.weights?.checkpoint ?? {})
  const row = ([name, sha256]: readonly [string, unknown]) => `| ${plain(name)} | \`${String(sha256)}\` |`
  return [
    '| file | SHA-256 |\n|---|---|',
    ...Object.entries(files).map(row),
    ...checkpoint.map(([name, sha256]) => row([`checkpoint: ${name}`, sha256])),
  ].join('\n')
}

function licenceText({ licence, baseModel }: ModelCard): string {
  const base = baseModel === undefined ? 'the base weights' : `the base weights, \`${plain(baseModel)}\``
  return licence === undefined
    ? `Nothing that is known of ${base} states a licence. Look it up before you publish what is derived from them, and set \`license\` above.`
    : `\`${licence}\` is the licence of ${base}. Data and denoiser have their own.`
}

function reproduceText({ known, run, logs, version }: ModelCard): string {
  const hooks = Object.entries(known.hooks ?? {}).filter(([, hook]) => hook !== null && hook !== undefined)
  const certify = logs.map(({ metadata }) =>
    metadata === undefined
      ? ''
      : certifyCommand({ ...metadata, notes: { checkpoint: 'runs/reproduced' } }, { output: 'certify.tsv' }),
  )
  const commands = [
    `npm install ft-cadis@${version}`,
    ...(run === undefined ? [] : ['npx ft-cadis train --config settings.json --output runs/reproduced']),
    ...certify.map(command => `npx ${command}`),
  ]
  return [
    `\`\`\`sh\n${commands.join('\n')}\n\`\`\``,
    ...(hooks.length === 0
      ? []
      : ['Functions of a script took part in the training: the settings alone do not reproduce it.']),
    ...(run === undefined
      ? []
      : [
          `\`settings.json\`, whose paths are those of your machine:\n\n\`\`\`json\n${JSON.stringify(withoutFolders(run), null, 2)}\n\`\`\``,
        ]),
  ].join('\n\n')
}

/** Shortens each absolute path to its last part, so that published settings do not reveal local folders. */
function withoutFolders(value: unknown): unknown {
  if (typeof value === 'string') {
    return /^(\/|~|\.\.?\/|[A-Za-z]:\\)/.test(value)
      ? (value.split(/[/\\]/).filter(Boolean).at(-1) ?? value)
      : value
  }
  if (Array.isArray(value)) return value.map(withoutFolders)
  if (!isObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, withoutFolders(field)]))
}

function hashText(weights: unknown): string | undefined {
  const { sha256 } = Object(weights)
  if (typeof sha256 === 'string') return `\`${sha256}\``
  if (!isObject(sha256)) return undefined
  return Object.entries(sha256)
    .map(([name, hash]) => `${plain(name)} \`${String(hash)}\``)
    .join(', ')
}

function text(value: number | null | undefined): string | undefined {
  return value === null || value === undefined ? undefined : String(value)
}

/** Escapes a name for Markdown, on one line. */
function plain(name: string): string {
  return name.replace(/\p{C}+/gu, ' ').replace(/[\\`*_[\]<>|#]/g, '\\$&')
}
