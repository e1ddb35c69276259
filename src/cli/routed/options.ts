import type { Command } from 'commander'
import { parseNumber } from '../option-values'

/** The networks of a router, and how to combine them. */
export interface RouterOptions {
  readonly router?: string
  readonly expert?: readonly string[]
  readonly agreement?: number
}

export function addRouterOptions(command: Command): Command {
  return command
    .option(
      '--router <run>',
      'run of a router: it chooses between the experts, each at the noise level of its run',
    )
    .option(
      '--expert <run>',
      'with --router: run of an expert; repeat for each noise level',
      (path: string, before: readonly string[] = []) => [...before, path],
    )
    .option(
      '--agreement <radius>',
      "with --router: query all experts if the router's choice is certified to less than this radius, or not at all (default: 0)",
      parseNumber({ min: 0 }),
    )
}
