import { type Plain, PlainHandle, type Session } from '../bridge'
import type { AnyDenoiser } from './image-denoiser'
import type { Classifier } from './modules'
import { pythonSpec, type Spec } from './spec'

export interface OnnxOptions {
  /** New folder for `model.onnx`. */
  readonly folder: string
  /** Channels, height, width of the noisy images. */
  readonly imageShape: readonly number[]
  /** √ᾱ of the timestep; 1 without a diffusion model. */
  readonly imageScale: number
  /** √(1 - ᾱ) of the timestep, and the timestep as the diffusion model receives it; null without a diffusion model. */
  readonly oneShot: { readonly noiseScale: number; readonly timestep: number } | null
  /** Metadata to write into the graph. */
  readonly metadata: { readonly [name: string]: Plain }
}

/**
 * Writes denoiser and classifier as one ONNX graph from noisy images (pixels in [0, 1] plus noise) to logits. Needs the packages of `setup
 * --with onnx`.
 *
 * @returns the largest difference between the logits of onnxruntime and torch; a graph that fails the comparison is not kept
 */
export function exportOnnx(
  { denoiser, classifier }: { readonly denoiser: AnyDenoiser | null; readonly classifier: Classifier },
  { folder, imageShape, imageScale, oneShot, metadata }: OnnxOptions,
): PlainHandle<number> {
  const networks = denoiser === null ? [classifier] : [denoiser, classifier]
  const { noiseScale = null, timestep = null } = oneShot ?? {}
  return classifier.session.record('export_onnx', networks, {
    parameters: {
      ...{ folder, image_shape: imageShape, metadata },
      front: { image_scale: imageScale, noise_scale: noiseScale, timestep },
    },
    make: (session, id) => new PlainHandle<number>(session, id),
  })
}

/** Returns the licence of the weights that a spec names, according to timm, their folder or their model card; null if none states one. */
export function baseLicence(session: Session, spec: Spec): PlainHandle<string | null> {
  return session.record('base_licence', [], {
    parameters: { spec: pythonSpec(spec) },
    make: (owner, id) => new PlainHandle<string | null>(owner, id),
  })
}
