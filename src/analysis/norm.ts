import { ConfigError } from '../errors'
import type { CertificationLog } from '../logs/certification-log-file'
import { NORM_TEXT } from '../statistics/bound'
import type { Method } from './runs'

/** The norm of the paper's radii, in display form. */
export const L2: string = NORM_TEXT.l2

type NormedLog = Pick<CertificationLog, 'file' | 'metadata'>

/** Returns the norm of the logs' radii, in display form. A log without a norm has ℓ2. */
export function normOf(logs: readonly NormedLog[]): string {
  const { l1, l2 } = NORM_TEXT
  return logs.some(log => log.metadata?.configuration.norm === 'l1') ? l1 : l2
}

/** Returns {@link normOf} the logs of methods, which have one norm. */
export function normOfMethods(methods: readonly Pick<Method, 'runs'>[]): string {
  return normOf(methods.flatMap(({ runs }) => runs.flatMap(({ logs }) => logs)))
}

/**
 * Throws for logs with radii of different norms, which no table can combine.
 *
 * @throws ConfigError that names a log of each
 */
export function requireOneNorm(logs: readonly NormedLog[]): void {
  const [first] = logs
  const other = first && logs.find(log => normOf([log]) !== normOf([first]))
  if (first === undefined || other === undefined) return
  throw new ConfigError(
    `The radii of ${first.file} are of ${normOf([first])}, and those of ${other.file} of ${normOf([other])}.`,
    { remedy: 'Analyze logs of one norm at a time.' },
  )
}

/**
 * Throws for radii that are not ℓ2, for results that require it.
 *
 * @param what - the result, for example "Accuracy at ℓ∞ radii"
 * @throws ConfigError that names a log
 */
export function requireL2(what: string, logs: readonly NormedLog[]): void {
  const other = logs.find(log => normOf([log]) !== NORM_TEXT.l2)
  if (other === undefined) return
  throw new ConfigError(
    `${what} is of ${NORM_TEXT.l2}, and the radii of ${other.file} are of ${normOf([other])}.`,
    {
      remedy: 'Leave it out, or give logs of Gaussian noise.',
    },
  )
}
