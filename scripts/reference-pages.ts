import { cliReference } from './cli-reference'
import { configurationReference } from './configuration-reference'

/** The pages that are made from the code, by their path in this package. */
export function referencePages(): Readonly<Record<string, string>> {
  return {
    'docs/reference/cli.md': cliReference(),
    'docs/reference/configuration.md': configurationReference(),
  }
}
