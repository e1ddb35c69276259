/**
 * Reads settings of an earlier form: σ and the denoiser stood in `method.sigma` or `certification.sigma` and in `denoiser`;
 * now both are in `smoothing`. Everything else is passed on as it is, for the schema to check.
 */
export function fromEarlierForm(input: unknown): unknown {
  if (!isObject(input) || input.smoothing !== undefined) return input
  const { denoiser, ...others } = input
  const sections = (['method', 'certification'] as const).filter(name => hasSigma(others[name]))
  if (denoiser === undefined && sections.length === 0) return input
  const [sigma] = sections.map(name => (others[name] as Fields).sigma)
  const lightened = sections.map(name => {
    const { sigma: _moved, ...fields } = others[name] as Fields
    return [name, fields] as const
  })
  return { smoothing: { sigma, denoiser }, ...others, ...Object.fromEntries(lightened) }
}

type Fields = Readonly<Record<string, unknown>>

function hasSigma(section: unknown): boolean {
  return isObject(section) && section.sigma !== undefined
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
