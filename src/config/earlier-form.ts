import { isObject } from '../files/read-json'

type Fields = Readonly<Record<string, unknown>>

/**
 * Converts settings of an earlier form. σ and the denoiser were in `method.sigma` or `certification.sigma` and in
 * `denoiser`; both are now in `smoothing`. `certification.radiusSigma` was `certifySigma`, and `compile` was
 * `compileDenoiser`. Other settings pass through unchanged, for the schema to check.
 */
export function fromEarlierForm(input: unknown): unknown {
  return isObject(input) ? withSmoothing(withCompile(input)) : input
}

/**
 * Converts `compileDenoiser`, a boolean, to `compile`. If both are present, or the value is not a boolean, the schema
 * refuses it.
 */
function withCompile(input: Fields): Fields {
  const { compileDenoiser, ...others } = input
  if (typeof compileDenoiser !== 'boolean' || others.compile !== undefined) return input
  return { ...others, compile: compileDenoiser ? 'denoiser' : 'none' }
}

function withSmoothing(input: Fields): Fields {
  if (input.smoothing !== undefined) return input
  const { denoiser, ...others } = input
  const method = withoutSigma(others.method)
  // If there are two σ, the schema refuses the second.
  const certification =
    method.sigma === undefined ? withoutSigma(others.certification) : { section: others.certification }
  const sigma = method.sigma ?? ('sigma' in certification ? certification.sigma : undefined)
  if (denoiser === undefined && sigma === undefined) return input
  return {
    smoothing: { sigma, denoiser },
    ...others,
    ...(others.method !== undefined && { method: method.section }),
    ...(others.certification !== undefined && { certification: renamed(certification.section) }),
  }
}

/** Splits a section from its former σ. */
function withoutSigma(section: unknown): { readonly section: unknown; readonly sigma?: unknown } {
  if (!isObject(section)) return { section }
  const { sigma, ...others } = section
  return { section: others, sigma }
}

function renamed(certification: unknown): unknown {
  if (!isObject(certification) || certification.certifySigma === undefined) return certification
  const { certifySigma, ...others } = certification
  return { radiusSigma: certifySigma === 'smaller' ? 'min' : certifySigma, ...others }
}
