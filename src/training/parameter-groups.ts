import { ConfigError } from '../errors'
import type { LibraryGroups } from '../torch'

/** A parameter of a classifier, as Python reports it. */
export interface ParameterInfo {
  /** Dotted name, including prefixes of wrappers: `base_model.model.blocks.0.attn.q_proj.weight`. */
  readonly name: string
  readonly shape: readonly number[]
  readonly trainable: boolean
}

export interface ParameterGroupOptions {
  /** Factor from one layer to the one below it, in (0, 1]; 1 means no layer-wise decay. */
  readonly layerDecay: number
  /** Weight decay at the start of training, for the parameters that decay. */
  readonly weightDecay: number
  /**
   * Layer of `norm_pre`, the normalisation before the first block of CLIP's transformers: `first` is its position; `last` gives it the
   * scale of the head, as the released code does.
   */
  readonly normPre: 'first' | 'last'
  /** Whether biases, other vectors, tokens and position embeddings decay too. Default `matrices`: they do not. */
  readonly decays?: 'matrices' | 'all' | undefined
  /** Transformer blocks of the network. Default, also for `null`: the number found in the names. */
  readonly depth?: number | null
  /** Parameter groups from the network's library. Default: none; names decide. */
  readonly library?: LibraryGroups | undefined
  /** `released`: like the released code, by names alone, without `library`. Default `library`. */
  readonly rule?: 'library' | 'released'
}

/** Parameters that share learning rate and weight decay: one group of the optimizer. */
export interface ParameterGroup {
  /** `layer_3_decay`, `layer_3_no_decay`. */
  readonly name: string
  /** 0: embeddings; 1 .. depth: blocks; depth + 1: final normalisation and head. Or the library's numbers. */
  readonly layerId: number
  /** Factor of the learning rate: layerDecay to the power of the number of layers above. */
  readonly learningRateScale: number
  /** Whether the weight-decay schedule applies; if not, the weight decay is always 0. */
  readonly decays: boolean
  /** Weight decay at the start of training. */
  readonly weightDecay: number
  /** Names, in the order given. */
  readonly parameters: readonly string[]
}

/**
 * Returns the optimizer's parameter groups by the ELECTRA / BEiT rule: every layer learns `layerDecay` times slower than the one above it.
 * Frozen parameters are left out. Biases, other vectors, learned tokens and position embeddings do not decay unless `decays` says so.
 * Groups are in order of first appearance.
 *
 * Layers come from the names: timm's `blocks.N`, transformers' `encoder.layer.N` or `layers.N`, with or without prefixes of peft and other
 * wrappers. A parameter outside the blocks that is not an embedding belongs to the last layer. If the library defines layers, they override
 * the names, and its exemptions from weight decay apply; see `rule`.
 *
 * @throws ConfigError if `layerDecay` is not 1 and the library shows a single layer, or without a library the names do not show exactly one
 *   row of blocks, or show more than `depth`
 */
export function parameterGroups(
  parameters: readonly ParameterInfo[],
  {
    layerDecay,
    weightDecay,
    normPre,
    decays: decayed = 'matrices',
    depth: givenDepth,
    library,
    rule = 'library',
  }: ParameterGroupOptions,
): ParameterGroup[] {
  const known = rule === 'library' ? library : undefined
  const layers = layersOf(parameters, { layerDecay, normPre, depth: givenDepth, library: known })
  const isExempt = exemption(rule, known)
  const groups = new Map<string, ParameterGroup & { parameters: string[] }>()
  for (const parameter of parameters) {
    const { name, trainable } = parameter
    if (!trainable) continue
    const layerId = layers.of(name)
    const decays = decayed === 'all' || !isExempt(parameter)
    const groupName = `layer_${layerId}_${decays ? 'decay' : 'no_decay'}`
    const group = groups.get(groupName)
    if (group) group.parameters.push(name)
    else {
      groups.set(groupName, {
        name: groupName,
        layerId,
        learningRateScale: layerDecay ** (layers.last - layerId),
        decays,
        weightDecay: decays ? weightDecay : 0,
        parameters: [name],
      })
    }
  }
  return [...groups.values()]
}

/** Returns the layer of each parameter, from the library or else from the names, and the last layer. */
function layersOf(
  parameters: readonly ParameterInfo[],
  {
    layerDecay,
    normPre,
    depth: givenDepth,
    library,
  }: Pick<ParameterGroupOptions, 'layerDecay' | 'normPre' | 'library'> & {
    readonly depth: number | null | undefined
  },
): { readonly last: number; of(name: string): number } {
  const counted = library?.layers
  if (counted !== undefined && counted !== null) {
    const last = Math.max(0, ...Object.values(counted))
    if (layerDecay !== 1 && last === 0) throw noLayers('expected several layers of its library, got one')
    const of = (name: string) => (normPre === 'last' && isNormPre(name) ? last : (counted[name] ?? last))
    return { last, of }
  }
  const depth = givenDepth ?? blocksIn(parameters)
  if (layerDecay !== 1) requireBlocks(parameters, depth)
  return { last: depth + 1, of: name => layerOf(name, { depth, normPre }) }
}

function layerOf(name: string, { depth, normPre }: { depth: number; normPre: 'first' | 'last' }): number {
  const block = blockOf(name)
  if (block !== undefined) return block + 1
  if (isToken(name) || isPositionEmbedding(name) || hasPart(name, /^(patch_embed|embeddings)$/)) return 0
  if (normPre === 'first' && isNormPre(name)) return 0
  return depth + 1
}

/** Returns whether a parameter has no weight decay. */
function exemption(
  rule: 'library' | 'released',
  library: LibraryGroups | undefined,
): (parameter: ParameterInfo) => boolean {
  const listed = new Set(library?.noDecay)
  return ({ name, shape }) =>
    shape.length <= 1 ||
    name.endsWith('.bias') ||
    isToken(name) ||
    isPositionEmbedding(name) ||
    (rule === 'library' && (listed.has(name) || isKnownExempt(name)))
}

/** Returns the index of a parameter's transformer block. */
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

/** Matches the normalisation before the first block of CLIP's transformers, under its names in timm and transformers. */
function isNormPre(name: string): boolean {
  return hasPart(name, /^(norm_pre|pre_layr?norm)$/)
}

/** Matches further tokens, and parameters that encode or scale positions in attention, under their names in timm and transformers. */
function isKnownExempt(name: string): boolean {
  return hasPart(
    name,
    /^((cls|dist|reg)_token_\d+|absolute_pos.*|relative_position_bias_table|rel_pos(_[hw])?|attention_biases|logit_scale|cpb_mlp|continuous_position_bias_mlp)$/,
  )
}

function hasPart(name: string, pattern: RegExp): boolean {
  return name.split('.').some(part => pattern.test(part))
}

function blocksIn(parameters: readonly ParameterInfo[]): number {
  return parameters.reduce((blocks, { name }) => Math.max(blocks, (blockOf(name) ?? -1) + 1), 0)
}

function noLayers(reason: string): ConfigError {
  return new ConfigError(`Layer-wise decay needs transformer blocks, ${reason}.`, {
    remedy: 'Set layerDecay to 1 for this classifier.',
  })
}

function requireBlocks(parameters: readonly ParameterInfo[], depth: number): void {
  const remedy = 'Set layerDecay to 1 for this classifier.'
  if (blocksIn(parameters) === 0) {
    throw noLayers(
      `expected names such as blocks.0 or layers.0, got none among ${parameters.length} parameters`,
    )
  }
  // Networks with stages (Swin, ConvNeXt) restart the count of blocks in each stage.
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
