import { apiReference } from './api-reference'
import { cliReference } from './cli-reference'
import { configTypes } from './config-types'
import { configurationReference } from './configuration-reference'
import { jsonSchemas } from './json-schemas'

/** The pages and types that are made from the code, by their path in this package. */
export function referencePages(): Readonly<Record<string, string>> {
  return {
    'docs/reference/api.md': apiReference(),
    'docs/reference/cli.md': cliReference(),
    'docs/reference/configuration.md': configurationReference(),
    ...configTypes(),
    ...jsonSchemas(),
  }
}
