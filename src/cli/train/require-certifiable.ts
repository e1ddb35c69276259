import { givesClasses } from '../../config/methods/trained'
import type { RunConfig } from '../../config/schema'
import { ConfigError } from '../../errors'

/**
 * Refuses, before training, to certify a method that trains no classifier of the data.
 *
 * @throws ConfigError
 */
export function requireCertifiable(
  { method }: Pick<RunConfig, 'method'>,
  { certify = false }: { readonly certify?: boolean | undefined },
): void {
  if (!certify || givesClasses(method.kind)) return
  throw new ConfigError(
    `The method ${method.kind} trains a network that tells no classes of the data apart, so there is nothing to certify alone.`,
    { remedy: 'Leave --certify out, or give --no-certify.' },
  )
}
