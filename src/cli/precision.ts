import { Option } from 'commander'
import type { Precision } from '../config/precision'

/** Returns `--precision`, an option of every command that runs networks. */
export function precisionOption(): Option {
  return new Option(
    '--precision <name>',
    'defaults of the arithmetic options: exact, as released, or fast, bfloat16 and compiled, which on a CPU is exact',
  ).choices(['exact', 'fast'] satisfies Precision[])
}

/**
 * Returns the effective precision on a device: fast is for GPUs.
 *
 * @throws PythonStartError if torch must be asked for a GPU and cannot be
 */
export async function precisionOn(
  precision: Precision,
  { device = 'auto', python }: { readonly device?: string | undefined; readonly python?: string | undefined },
): Promise<Precision> {
  if (precision === 'exact' || device === 'cpu') return 'exact'
  if (device !== 'auto') return precision
  const { inspectEnvironment } =
    require('../environment/inspect-environment') as typeof import('../environment/inspect-environment')
  const { resolveInterpreter } =
    require('../environment/interpreter') as typeof import('../environment/interpreter')
  const { path } = await resolveInterpreter({ python })
  const { cuda } = await inspectEnvironment(path, [{ name: 'torch' }], { importPackages: true })
  return cuda !== null && cuda.devices.length > 0 ? precision : 'exact'
}
