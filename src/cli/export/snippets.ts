import { join } from 'node:path'
import type { ClassifierConfig } from '../../config/schema'
import { sidesOf } from '../../config/sources/image-size'
import { PYTHON_FOLDER } from '../../environment/paths'
import { given } from '../../files/given'

/** The content of an exported folder. */
export type ExportKind = 'merged' | 'adapter' | 'onnx'

export interface SnippetOptions {
  readonly kind: ExportKind
  /** The folder, as a path for Python. */
  readonly folder: string
  readonly classifier: ClassifierConfig
  /** For adapters: whether the path of the classifier is a folder. */
  readonly isBaseFolder: boolean
  /** Number of classes of the exported network, if known. */
  readonly classes: number | undefined
  /** Channels, height, width of the images. */
  readonly imageShape: readonly number[]
  /** Standard deviation of the noise that the networks expect, for pixels in [0, 1]. */
  readonly realisedSigma: number
  /** Whether the classifier sees denoised images; else it sees noisy ones. */
  readonly hasDenoiser: boolean
}

/** Returns Python code that loads an exported folder and classifies images, in six lines, or seven if images are resized. */
export function pythonSnippet({ kind, ...options }: SnippetOptions): string {
  return (kind === 'onnx' ? onnxLines(options) : torchLines(kind, options)).join('\n')
}

type Options = Omit<SnippetOptions, 'kind'>

function onnxLines({ folder, imageShape, realisedSigma }: Options): readonly string[] {
  return [
    'import numpy as np, onnxruntime',
    `session = onnxruntime.InferenceSession(${quoted(join(folder, 'model.onnx'))})`,
    `images = np.random.rand(1, ${imageShape.join(', ')}).astype(np.float32)  # pixels in [0, 1]`,
    `noisy = images + ${realisedSigma} * np.random.standard_normal(images.shape).astype(np.float32)`,
    `logits, = session.run(None, {'noisy_images': noisy})`,
    'print(logits.argmax(1))',
  ]
}

function torchLines(kind: 'merged' | 'adapter', options: Options): readonly string[] {
  const { classifier, imageShape, realisedSigma, hasDenoiser } = options
  const { resize } = classifier
  const seen = hasDenoiser ? 'denoised' : `with Gaussian noise of standard deviation ${realisedSigma} added`
  return [
    ...loadingLines(kind, options),
    `images = torch.rand(1, ${imageShape.join(', ')})  # pixels in [0, 1], ${seen}`,
    ...(resize === undefined
      ? []
      : [
          `images = torch.nn.functional.interpolate(images, (${sidesOf(resize).join(', ')}), mode='bicubic', antialias=True)`,
        ]),
    ...logitsLines(kind, classifier),
  ]
}

/** Returns the lines that create `model`. */
function loadingLines(
  kind: 'merged' | 'adapter',
  { folder, classifier, isBaseFolder, classes }: Options,
): readonly string[] {
  const isTimm = classifier.source === 'timm'
  if (kind === 'adapter') {
    if (!isTimm && classifier.source !== 'transformers') {
      return [
        `import sys, torch, peft; sys.path.insert(0, ${quoted(PYTHON_FOLDER)})`,
        LOADER,
        `base = ${loaded(classifier)}`,
        `model = peft.PeftModel.from_pretrained(base, ${quoted(folder)}).eval()`,
      ]
    }
    return [
      `import torch, ${isTimm ? 'timm' : 'transformers'}`,
      'from peft import PeftModel',
      `base = ${baseOf(classifier, { isFolder: isBaseFolder, classes })}`,
      `model = PeftModel.from_pretrained(base, ${quoted(folder)}).eval()`,
    ]
  }
  if (isTimm) {
    return [
      'import timm, torch',
      `model = timm.create_model(${quoted(`local-dir:${folder}`)}, pretrained=True).eval()  # without pretrained=True the weights are random`,
    ]
  }
  if (classifier.source === 'transformers') {
    return [
      'import torch, transformers',
      `model = transformers.AutoModelForImageClassification.from_pretrained(${quoted(folder)}).eval()`,
    ]
  }
  return [
    `import sys, torch; sys.path.insert(0, ${quoted(PYTHON_FOLDER)})`,
    LOADER,
    `model = ${loaded({ ...classifier, path: folder })}`,
  ]
}

const LOADER = 'from ftcadis_host.networks.classifiers import load_classifier'

/** Returns code for a network that only this package knows, with the weights at its path. */
function loaded(classifier: ClassifierConfig): string {
  const { source, path, numClasses } = classifier
  const spec = {
    ...given({ source, path, num_classes: numClasses }),
    ...(classifier.source === 'python' && {
      ...{ file: classifier.file, factory: classifier.factory, arguments: classifier.arguments ?? {} },
    }),
  }
  return `load_classifier(${pythonValue(spec)}, device='cpu', dtype=torch.float32).model`
}

/** Returns code for the network under adapters, as it was before fine-tuning. */
function baseOf(
  classifier: ClassifierConfig,
  { isFolder, classes }: { readonly isFolder: boolean; readonly classes: number | undefined },
): string {
  const { path, numClasses } = { path: undefined, numClasses: undefined, ...classifier }
  if (classifier.source !== 'timm') {
    const head = numClasses === undefined ? '' : `, num_labels=${numClasses}, ignore_mismatched_sizes=True`
    return `transformers.AutoModelForImageClassification.from_pretrained(${quoted(path ?? '')}${head})`
  }
  const { name, modelArgs } = classifier
  const isFile = !isFolder && path !== undefined
  const others = Object.entries({
    ...(Object(modelArgs) as Record<string, unknown>),
    // A file does not record its number of classes; a folder and the hub do.
    ...given({ num_classes: isFile ? (classes ?? numClasses) : numClasses }),
  }).map(([key, value]) => `, ${key}=${pythonValue(value)}`)
  const weights = !isFile ? '' : `, pretrained_cfg_overlay={'file': ${quoted(path)}}`
  const model = isFolder || name === undefined ? `local-dir:${path}` : name
  return `timm.create_model(${quoted(model)}, pretrained=True${weights}${others.join('')})  # without pretrained=True the weights are random`
}

function logitsLines(kind: 'merged' | 'adapter', classifier: ClassifierConfig): readonly string[] {
  const { inputRange, source } = classifier
  const input =
    inputRange === 'symmetric'
      ? '2 * images - 1'
      : `(images - ${channels(inputRange.mean)}) / ${channels(inputRange.std)}`
  const logits = `model(${input})${source === 'transformers' ? '.logits' : ''}`
  if (kind === 'adapter' || !['timm', 'transformers'].includes(source)) {
    return [`logits = ${logits}.detach()`]
  }
  return ['with torch.no_grad():', `    logits = ${logits}`, 'print(logits.argmax(1))']
}

function channels(values: readonly number[]): string {
  return values.length === 1 ? String(values[0]) : `torch.tensor(${pythonValue(values)}).view(-1, 1, 1)`
}

/** Formats JSON as Python. */
function pythonValue(value: unknown): string {
  if (value === null || value === undefined) return 'None'
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  if (Array.isArray(value)) return `[${value.map(pythonValue).join(', ')}]`
  if (typeof value === 'object') {
    const fields = Object.entries(value).filter(([, field]) => field !== undefined)
    return `{${fields.map(([key, field]) => `${quoted(key)}: ${pythonValue(field)}`).join(', ')}}`
  }
  return typeof value === 'string' ? quoted(value) : String(value)
}

/** Quotes a string: JSON strings are valid in Python; uses single quotes if the string has none. */
function quoted(text: string): string {
  return /^[^'"\\\p{C}]*$/u.test(text) ? `'${text}'` : JSON.stringify(text)
}
