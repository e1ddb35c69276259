import type { RunConfig } from '../../src'
import { namedPreset } from '../../src/config/named-presets'

/** Settings of an epoch by the authors' functions: what they change of the preset of MNIST. The names are those of `authors.json`. */
const CHANGES = {
  gaussian: { preset: 'gaussian' },
  stability: { preset: 'stability' },
  consistency: { preset: 'consistency' },
  smoothmix: {
    preset: 'smooth-mix',
    method: { noises: 2, rampEpochs: 1 },
    optimisation: { imagesPerUpdate: 128 },
  },
  smoothadv: {
    preset: 'smooth-adv',
    method: { rampEpochs: 1, attack: { steps: 4, epsilon: 1 } },
  },
} as const

export type MethodName = keyof typeof CHANGES

export const METHOD_NAMES = Object.keys(CHANGES) as MethodName[]

export interface ReferenceRun {
  readonly seed: number
  readonly sigma: number
  /** Folder of the MNIST files. */
  readonly data: string
  readonly output: string
}

/** One epoch of a method, from other first weights and in another order for each seed. */
export function referenceRun(name: MethodName, { seed, sigma, data, output }: ReferenceRun): RunConfig {
  const { preset, ...changes }: { preset: string; method?: object; optimisation?: object } = CHANGES[name]
  return namedPreset(`table1.${preset}`, 'mnist').config({
    ...{ sigma, data, output },
    above: { ...changes, optimisation: { ...changes.optimisation, epochs: 1 }, seed },
  })
}
