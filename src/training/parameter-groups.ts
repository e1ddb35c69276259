import { ConfigError } from '../errors'

/** A parameter of a classifier, as Python reports it. */
export interface ParameterInfo {
  /** Dotted name, with whatever prefixes wrappers put in front: `base_model.model.blocks.0.attn.q_proj.weight`. */
  readonly name: string
  readonly shape: readonly number[]
  readonly trainable: boolean
}

export interface ParameterGroupOptions {
  /** Factor from one layer to the one below it, in (0, 1]; 1 means no layer-wise decay. */
  readonly layerDecay: number
  /** Weight decay at the start of training, of the parameters that decay. */
  readonly weightDecay: number
  /**
   * Layer of `norm_pre`, the normalisation in front of the first block of CLIP's transformers: `first` is where it
   * stands; `last` gives it the scale of the head, as the released code does.
   */
  readonly normPre: 'first' | 'last'
  /** Whether biases, other vectors, tokens and position embeddings decay too. Default `matrices`: they do not. */
  readonly decays?: 'matrices' | 'all' | undefined
  /** Transformer blocks of the network. Default, also for `null`: as many as the names show. */
  readonly depth?: number | null
}

/** Parameters that share learning rate and weight decay: one group of the optimizer. */
export interface ParameterGroup {
  /** `layer_3_decay`, `layer_3_no_decay`. */
  readonly name: string
  /** 0: embeddings; 1 .. depth: blocks; depth + 1: final normalisation and head. */
  readonly layerId: number
  /** Factor of the learning rate: layerDecay ^ (depth + 1 - layerId). */
  readonly learningRateScale: number
  /** Whether the weight-decay schedule applies; without it the weight decay is 0 throughout. */
  readonly decays: boolean
  /** Weight decay at the start of training. */
  readonly weightDecay: number
  /** Names, in the order given. */
  readonly parameters: readonly string[]
}

/**
 * The optimizer's parameter groups by the ELECTRA / BEiT rule: every layer learns `layerDecay` times slower than the one
 * above it. Frozen parameters are left out. Biases, other vectors, learned tokens and position embeddings do not
 * decay unless `decays` says so. Groups come in order of first appearance.
 *
 * Layers are read off the names wherever they stand in them: timm's `blocks.N`, transformers' `encoder.layer.N` or
 * `layers.N`, with or without the prefixes of peft and other wrappers. A parameter outside of the blocks that is no
 * embedding belongs to the last layer.
 *
 * @throws ConfigError when `layerDecay` is not 1 and the names show no single row of blocks, or more than `depth`.
 */
export function parameterGroups(
  parameters: readonly ParameterInfo[],
  {
    layerDecay,
    weightDecay,
    normPre,
    decays: decayed = 'matrices',
    depth: givenDepth,
  }: ParameterGroupOptions,
): ParameterGroup[] {
  const depth = givenDepth ?? blocksIn(parameters)
  if (layerDecay !== 1) requireBlocks(parameters, depth)

  const groups = new Map<string, ParameterGroup & { parameters: string[] }>()
  for (const { name, shape, trainable } of parameters) {
    if (!trainable) continue
    const layerId = layerOf(name, { depth, normPre })
    const isMatrix =
      shape.length > 1 && !name.endsWith('.bias') && !isToken(name) && !isPositionEmbedding(name)
    const decays = decayed === 'all' || isMatrix
    const groupName = `layer_${layerId}_${decays ? 'decay' : 'no_decay'}`
    const group = groups.get(groupName)
    if (group) group.parameters.push(name)
    else {
      groups.set(groupName, {
        name: groupName,
        layerId,
        learningRateScale: layerDecay ** (depth + 1 - layerId),
        decays,
        weightDecay: decays ? weightDecay : 0,
        parameters: [name],
      })
    }
  }
  return [...groups.values()]
}

function layerOf(name: string, { depth, normPre }: { depth: number; normPre: 'first' | 'last' }): number {
  const block = blockOf(name)
  if (block !== undefined) return block + 1
  if (isToken(name) || isPositionEmbedding(name) || hasPart(name, /^(patch_embed|embeddings)$/)) return 0
  if (normPre === 'first' && hasPart(name, /^norm_pre$/)) return 0
  return depth + 1
}

/** Index of the transformer block that a parameter belongs to. */
function blockOf(name: string): number | undefined {
  const match = /(?:^|\.)(?:blocks|layers?)\.(\d+)\./.exec(name)
  return match === null ? undefined : Number(match[1])
}

/** Class, distillation, register and mask tokens. */
function isToken(name: string): boolean {
  return name.endsWith('_token')
}

function isPositionEmbedding(name: string): boolean {
  return hasPart(name, /^pos(ition)?_embed/)
}

function hasPart(name: string, pattern: RegExp): boolean {
  return name.split('.').some(part => pattern.test(part))
}

function blocksIn(parameters: readonly ParameterInfo[]): number {
  return parameters.reduce((blocks, { name }) => Math.max(blocks, (blockOf(name) ?? -1) + 1), 0)
}

function requireBlocks(parameters: readonly ParameterInfo[], depth: number): void {
  const remedy = 'Set layerDecay to 1 for this classifier.'
  if (blocksIn(parameters) === 0) {
    throw new ConfigError(
      `Layer-wise decay needs transformer blocks, expected names such as blocks.0 or layers.0, got none among ${parameters.length} parameters.`,
      { remedy },
    )
  }
  // Stages of blocks (Swin, ConvNeXt) count their blocks again in each stage.
  const staged = parameters.find(({ name }) => /\.\d+\.(blocks|layers?)\.\d+\./.test(name))
  if (staged) {
    throw new ConfigError(`Layer-wise decay needs one row of blocks, got stages of them: ${staged.name}.`, {
      remedy,
    })
  }
  const beyond = parameters.find(({ name }) => (blockOf(name) ?? -1) >= depth)
  if (beyond) {
    throw new ConfigError(`The depth is ${depth}, expected more than the block of ${beyond.name}.`, {
      remedy: 'Leave depth out to take it from the names.',
    })
  }
}
