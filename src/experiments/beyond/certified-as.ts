import { type CertificationConfigInput, parseConfig } from '../../config/schema'
import type { Arm } from '../definition'

/** Returns an arm with the same networks and another certification. */
export function certifiedAs(arm: Arm, certification: CertificationConfigInput): Arm {
  const { config: change = base => base } = arm
  return {
    ...arm,
    config: base => {
      const config = change(base)
      return parseConfig({ ...config, certification: { ...config.certification, ...certification } })
    },
  }
}
