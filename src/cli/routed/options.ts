import type { Command } from 'commander'
import { parseNumber } from '../option-values'

/** Which networks a router is made of, and how they are asked together. */
export interface RouterOptions {
  readonly router?: string
  readonly expert?: readonly string[]
  readonly agreement?: number
}

export function addRouterOptions(command: Command): Command {
  return command
    .option(
      '--router <run>',
      'run that has trained a router: it chooses between the experts, each at the noise level of its run',
    )
    .option(
      '--expert <run>',
      'with --router: run of an expert; given once for each noise level',
      (path: string, before: readonly string[] = []) => [...before, path],
    )
    .option(
      '--agreement <radius>',
      "with --router: ask all experts where the router's choice holds within less than this radius, or not at all (default: 0)",
      parseNumber({ min: 0 }),
    )
}
