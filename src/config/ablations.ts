import { parseConfig, type RunConfig, type RunConfigOf, requireMethod } from './schema'

/**
 * The paper's ablations by table. Each returns a copy of an FT-CADIS configuration with one change.
 *
 * @throws ConfigError if the change conflicts with the rest of the configuration.
 *
 * @example
 * const config = presets.digits({ output: 'runs/digits' })
 * ablations.table5.withoutSelection(config).method.crossEntropy // => 'all'
 */
export const ablations = {
  /** The shorter runs of all ablations (Section 4.3, Appendix B.3): epsilon doubles after 10 epochs, 1,000 test images. */
  shortened: (config: RunConfig): RunConfigOf<'ft-cadis'> => {
    const { method } = requireMethod(config, 'ft-cadis')
    const { attack } = method
    const epsilon = typeof attack.epsilon === 'number' ? attack.epsilon : (attack.epsilon[0]?.epsilon ?? 0)
    const doubled = [
      { fromEpoch: 0, epsilon },
      { fromEpoch: 10, epsilon: 2 * epsilon },
    ]
    const shortened = parseConfig({
      ...config,
      method: { ...method, attack: { ...attack, epsilon: doubled } },
      optimisation: { ...config.optimisation, epochs: 20, stopAfterEpoch: 20, warmupEpochs: 2 },
      certification: { ...config.certification, images: { random: 1000 } },
    })
    return requireMethod(shortened, 'ft-cadis')
  },
  /** The parts of the objective. */
  table5: {
    /** Row 2: cross-entropy on all denoised images. */
    withoutSelection: (config: RunConfig) => withMethod(config, { crossEntropy: 'all' }),
    /** Row 3: adversarial loss on all images. */
    withoutMask: (config: RunConfig) => withMethod(config, { adversarial: 'all' }),
    /** Row 4: Eq. 6, cross-entropy on all denoised images and no adversarial loss. */
    crossEntropyOnly: (config: RunConfig) => withMethod(config, { crossEntropy: 'all', adversarial: 'none' }),
  },
  table6: {
    /** D_nh as judged by the off-the-shelf weights, never updated. */
    withoutUpdate: (config: RunConfig) => withMethod(config, { updateSelection: false }),
  },
  /** The design of the adversarial loss. */
  table7: {
    /** Row (a): the label as target. */
    hardTarget: (config: RunConfig) => withMethod(config, { adversarialTarget: 'hard' }),
    /** Row (b): the mean over the noises. */
    meanOverNoises: (config: RunConfig) => withMethod(config, { adversarialReduction: 'mean' }),
    /** Row (c): both. */
    hardTargetMeanOverNoises: (config: RunConfig) =>
      withMethod(config, { adversarialTarget: 'hard', adversarialReduction: 'mean' }),
  },
  /** Table 14: another weight of the adversarial loss; the paper uses 0.5, 1, 2, 4 and 8. */
  table14: (config: RunConfig, lambda: number) => withMethod(config, { lambda }),
  /** Table 15: another number of noises; the paper uses 1, 2, 4 and 8. Images per update stay the same. */
  table15: (config: RunConfig, noises: number) => withMethod(config, { noises }),
  /**
   * Table 17: a configuration of CIFAR-10 with the ResNet-110 of locuslab/smoothing, trained on clean images. The
   * checkpoint expects normalised pixels. The paper gives no other settings for it, and it has no layers for layer-wise
   * decay.
   *
   * @param path - Its checkpoint as published.
   */
  table17: (config: RunConfig, { path }: { path: string }): RunConfig =>
    parseConfig({
      ...config,
      classifier: {
        source: 'resnet110',
        path,
        inputRange: { mean: [0.4914, 0.4822, 0.4465], std: [0.2023, 0.1994, 0.201] },
      },
      tuning: { kind: 'full' },
      optimisation: { ...config.optimisation, layerDecay: 1 },
    }),
} as const

function withMethod(
  config: RunConfig,
  change: Partial<RunConfigOf<'ft-cadis'>['method']>,
): RunConfigOf<'ft-cadis'> {
  const { method } = requireMethod(config, 'ft-cadis')
  return requireMethod(parseConfig({ ...config, method: { ...method, ...change } }), 'ft-cadis')
}
