import { isObject } from '../files/read-json'

type Fields = Readonly<Record<string, unknown>>

/**
 * Reads settings of an earlier form. σ and the denoiser stood in `method.sigma` or `certification.sigma` and in `denoiser`,
 * now both are in `smoothing`; `certification.radiusSigma` was `certifySigma`, and `compile` was `compileDenoiser`. Everything else is passed on as it is, for
 * the schema to check.
 */
export function fromEarlierForm(input: unknown): unknown {
  return isObject(input) ? withSmoothing(withCompile(input)) : input
}

/** `compile` was `compileDenoiser`, yes or no. Of both, and of another value, the second is left for the schema to refuse. */
function withCompile(input: Fields): Fields {
  const { compileDenoiser, ...others } = input
  if (typeof compileDenoiser !== 'boolean' || others.compile !== undefined) return input
  return { ...others, compile: compileDenoiser ? 'denoiser' : 'none' }
}

function withSmoothing(input: Fields): Fields {
  if (input.smoothing !== undefined) return input
  const { denoiser, ...others } = input
  const method = withoutSigma(others.method)
  // Of two σ the second is left for the schema to refuse.
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

/** A section, and the σ that stood in it. */
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
