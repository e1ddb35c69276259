import { describe, expect, it } from 'vitest'
import { ConfigError } from '../../src/errors'
import { type ParameterInfo, parameterGroups } from '../../src/training/parameter-groups'
import fixture from '../fixtures/param_groups.json'

interface Expected {
  layer_id: number
  lr_scale: number
  weight_decay: number
  shape: number[]
}

function relativeError(actual: number, expected: number): number {
  return Math.abs(actual - expected) / Math.abs(expected)
}

describe.each(fixture.cases)('golden values of the reference: $name', expected => {
  const expectedOf = new Map(Object.entries(expected.params as Record<string, Expected>))
  const parameters: ParameterInfo[] = [
    ...[...expectedOf].map(([name, { shape }]) => ({ name, shape, trainable: true })),
    ...(expected.frozen_tensors as string[]).map(name => ({ name, shape: [1, 1], trainable: false })),
  ]
  const groupsOf = () =>
    parameterGroups(parameters, {
      layerDecay: expected.layer_decay,
      weightDecay: expected.weight_decay_arg,
      normPre: 'last',
      rule: 'released',
    })

  it('groups: names, order, layers, scales, weight decay', () => {
    const groups = groupsOf()
    expect(groups.map(group => group.name)).toEqual(expected.group_order)
    expected.groups.forEach((wanted, index) => {
      const group = groups[index]
      expect(group).toMatchObject({
        name: wanted.name,
        layerId: wanted.layer_id,
        weightDecay: wanted.weight_decay,
        decays: wanted.weight_decay !== 0,
      })
      expect(group?.parameters).toHaveLength(wanted.num_params)
      expect(relativeError(group?.learningRateScale ?? 0, wanted.lr_scale)).toBeLessThan(1e-12)
    })
  })

  it('every parameter is in the group of its layer and weight decay, once, in order', () => {
    const groups = groupsOf()
    for (const group of groups) {
      const members = [...expectedOf].filter(
        ([, { layer_id, weight_decay }]) => layer_id === group.layerId && weight_decay === group.weightDecay,
      )
      expect(group.parameters).toEqual(members.map(([name]) => name))
    }
    expect(groups.flatMap(group => group.parameters)).toHaveLength(expected.num_trainable_tensors)
  })

  it('as many trainable numbers', () => {
    const sizes = groupsOf().flatMap(group =>
      group.parameters.map(name =>
        (expectedOf.get(name)?.shape ?? []).reduce((size, length) => size * length, 1),
      ),
    )
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(expected.trainable_numel)
  })
})

const named = (...names: string[]): ParameterInfo[] =>
  names.map(name => ({ name, shape: name.endsWith('weight') ? [2, 2] : [2], trainable: true }))

const layers = (parameters: ParameterInfo[], normPre: 'first' | 'last' = 'first') =>
  Object.fromEntries(
    parameterGroups(parameters, { layerDecay: 0.5, weightDecay: 0.1, normPre }).map(group => [
      group.name,
      group.parameters,
    ]),
  )

describe('names of the libraries', () => {
  it('LoRA by peft on timm: the frozen rest gives the depth, the head is the last layer', () => {
    const prefix = 'base_model.model.'
    const trainable = [
      `${prefix}blocks.0.attn.q_proj.lora_A.default.weight`,
      `${prefix}blocks.0.attn.q_proj.lora_B.default.weight`,
      `${prefix}blocks.0.attn.v_proj.lora_A.default.weight`,
      `${prefix}blocks.0.attn.v_proj.lora_B.default.weight`,
      `${prefix}head.modules_to_save.default.weight`,
      `${prefix}head.modules_to_save.default.bias`,
    ]
    const frozen = [`${prefix}patch_embed.proj.weight`, `${prefix}blocks.1.attn.proj.weight`]
    const groups = parameterGroups(
      [...named(...trainable), ...named(...frozen).map(parameter => ({ ...parameter, trainable: false }))],
      { layerDecay: 0.5, weightDecay: 0.1, normPre: 'last' },
    )
    expect(groups).toEqual([
      {
        name: 'layer_1_decay',
        layerId: 1,
        learningRateScale: 0.25,
        decays: true,
        weightDecay: 0.1,
        parameters: trainable.slice(0, 4),
      },
      {
        name: 'layer_3_decay',
        layerId: 3,
        learningRateScale: 1,
        decays: true,
        weightDecay: 0.1,
        parameters: [trainable[4]],
      },
      {
        name: 'layer_3_no_decay',
        layerId: 3,
        learningRateScale: 1,
        decays: false,
        weightDecay: 0,
        parameters: [trainable[5]],
      },
    ])
  })

  it('transformers 5, whose blocks are called layers', () => {
    expect(
      layers(
        named(
          'vit.embeddings.patch_embeddings.projection.weight',
          'vit.embeddings.patch_embeddings.projection.bias',
          'vit.layers.0.attention.q_proj.weight',
          'vit.layers.1.layernorm_before.bias',
          'vit.layernorm.bias',
          'classifier.weight',
        ),
      ),
    ).toEqual({
      layer_0_decay: ['vit.embeddings.patch_embeddings.projection.weight'],
      layer_0_no_decay: ['vit.embeddings.patch_embeddings.projection.bias'],
      layer_1_decay: ['vit.layers.0.attention.q_proj.weight'],
      layer_2_no_decay: ['vit.layers.1.layernorm_before.bias'],
      layer_3_no_decay: ['vit.layernorm.bias'],
      layer_3_decay: ['classifier.weight'],
    })
  })

  it('transformers 4, whose blocks are each a layer, and more than ten of them', () => {
    expect(
      layers(named('vit.encoder.layer.0.output.dense.weight', 'vit.encoder.layer.11.output.dense.weight')),
    ).toEqual({
      layer_1_decay: ['vit.encoder.layer.0.output.dense.weight'],
      layer_12_decay: ['vit.encoder.layer.11.output.dense.weight'],
    })
  })

  it('names that only look alike belong to the last layer', () => {
    const names = [
      'my_patch_embed',
      'patch_embed2',
      'embeddings_of',
      'my_embeddings',
      'xpos_embed',
      'norm_pre2',
      'my_norm_pre',
      'myblocks.4',
    ]
    const others = names.map(name => `${name}.weight`)
    expect(layers(named(...others, 'blocks.0.mlp.fc1.weight'))).toEqual({
      layer_2_decay: others,
      layer_1_decay: ['blocks.0.mlp.fc1.weight'],
    })
  })

  it('learned tokens and position embeddings belong to the first layer and do not decay, whatever their shape', () => {
    const names = ['cls_token', 'dist_token', 'reg_token', 'pos_embed', 'vit.embeddings.position_embeddings']
    const parameters = names.map(name => ({ name, shape: [1, 5, 8], trainable: true }))
    expect(layers([...parameters, ...named('blocks.0.mlp.fc1.weight')])).toEqual({
      layer_0_no_decay: names,
      layer_1_decay: ['blocks.0.mlp.fc1.weight'],
    })
  })

  it('a bias does not decay, whatever its shape', () => {
    const name = 'blocks.0.attn.bias'
    expect(layers([{ name, shape: [4, 4], trainable: true }])).toEqual({ layer_1_no_decay: [name] })
  })

  it.each([
    ['first', 'layer_0_no_decay'],
    ['last', 'layer_2_no_decay'],
  ] as const)('norm_pre in the %s layer', (normPre, group) => {
    const norm = ['norm_pre.weight', 'norm_pre.bias']
    const parameters = norm.map(name => ({ name, shape: [8], trainable: true }))
    expect(layers([...parameters, ...named('blocks.0.mlp.fc1.weight')], normPre)).toEqual({
      [group]: norm,
      layer_1_decay: ['blocks.0.mlp.fc1.weight'],
    })
  })
})

it('takes the depth from the names, or as given', () => {
  const parameters = named('blocks.0.mlp.fc1.weight')
  const scaleAt = (depth?: number | null) =>
    parameterGroups(parameters, {
      layerDecay: 0.5,
      weightDecay: 0,
      normPre: 'first',
      ...(depth === undefined ? {} : { depth }),
    })[0]?.learningRateScale
  expect(scaleAt()).toBe(0.5)
  expect(scaleAt(null)).toBe(0.5)
  expect(scaleAt(3)).toBe(0.125)
})

describe('networks without one row of blocks', () => {
  const resnet = named('conv1.weight', 'layer1.0.bn1.bias', 'fc.weight')
  const swin = named(
    'patch_embed.proj.weight',
    'layers.0.blocks.0.attn.qkv.weight',
    'layers.1.blocks.0.attn.qkv.weight',
  )

  it('are two groups without layer-wise decay', () => {
    const groups = parameterGroups(resnet, { layerDecay: 1, weightDecay: 0.1, normPre: 'first' })
    expect(
      groups.map(({ name, learningRateScale, parameters }) => [name, learningRateScale, parameters]),
    ).toEqual([
      ['layer_1_decay', 1, ['conv1.weight', 'fc.weight']],
      ['layer_1_no_decay', 1, ['layer1.0.bn1.bias']],
    ])
  })

  it.each([
    ['a ResNet', resnet, {}, /needs transformer blocks.*none among 3 parameters/],
    ['stages of blocks', swin, {}, /one row of blocks, got stages of them: layers.0.blocks.0/],
    ['many stages of many', named('stages.10.layer.11.fc.weight'), {}, /stages of them: stages.10.layer.11/],
    ['unknown names', named('tower.0.weight'), { depth: 1 }, /needs transformer blocks/],
    ['too small a depth', named('blocks.3.mlp.fc1.weight'), { depth: 3 }, /depth is 3.*blocks.3/],
  ])('refuse layer-wise decay: %s', (_, parameters, change, message) => {
    const group = () =>
      parameterGroups(parameters, { layerDecay: 0.65, weightDecay: 0, normPre: 'first', ...change })
    expect(group).toThrow(ConfigError)
    expect(group).toThrow(message)
  })
})

describe('what the library says', () => {
  const parameters: ParameterInfo[] = [
    { name: 'stem.weight', shape: [2, 2], trainable: true },
    { name: 'stages.0.blocks.0.attn.table', shape: [2, 2], trainable: true },
    { name: 'stages.1.blocks.0.mlp.weight', shape: [2, 2], trainable: true },
    { name: 'norm_pre.weight', shape: [2], trainable: true },
    { name: 'head.weight', shape: [2, 2], trainable: false },
  ]
  const library = {
    noDecay: ['stages.0.blocks.0.attn.table'],
    layers: {
      'stem.weight': 0,
      'norm_pre.weight': 0,
      'stages.0.blocks.0.attn.table': 1,
      'stages.1.blocks.0.mlp.weight': 2,
      'head.weight': 3,
    },
  }
  const options = { layerDecay: 0.5, weightDecay: 0.1, normPre: 'first' } as const

  it('decides layers and exemptions, of stages too', () => {
    const groups = parameterGroups(parameters, { ...options, library })
    expect(groups.map(({ name, learningRateScale, decays }) => [name, learningRateScale, decays])).toEqual([
      ['layer_0_decay', 0.125, true],
      ['layer_1_no_decay', 0.25, false],
      ['layer_2_decay', 0.5, true],
      ['layer_0_no_decay', 0.125, false],
    ])
  })

  it('leaves norm_pre to its setting', () => {
    const groups = parameterGroups(parameters, { ...options, normPre: 'last', library })
    expect(groups.at(-1)).toMatchObject({ name: 'layer_3_no_decay', learningRateScale: 1 })
  })

  it('is not asked under the released rule', () => {
    expect(() => parameterGroups(parameters, { ...options, library, rule: 'released' })).toThrow(
      /stages of them/,
    )
    const groups = parameterGroups(parameters, { ...options, layerDecay: 1, library, rule: 'released' })
    expect(groups.find(({ parameters: [name] }) => name === 'stages.0.blocks.0.attn.table')?.decays).toBe(
      true,
    )
  })

  it('refuses layer-wise decay where it is a single layer', () => {
    const single = { noDecay: [], layers: { 'stem.weight': 0 } }
    expect(() => parameterGroups(parameters, { ...options, library: single })).toThrow(
      /several layers of its library/,
    )
    expect(() => parameterGroups(parameters, { ...options, layerDecay: 1, library: single })).not.toThrow()
  })
})

it.each([
  'layers.0.attn.relative_position_bias_table',
  'layers.0.attn.relative_position_bias.relative_position_bias_table',
  'blocks.0.attn.rel_pos_h',
  'blocks.0.attn.logit_scale',
  'encoder.layers.0.continuous_position_bias_mlp.0.weight',
  'absolute_pos_embed',
  'embeddings.position_embeddings.weight',
  'cls_token_0',
])('%s has no weight decay but under the released rule', name => {
  const decays = (rule: 'library' | 'released') =>
    parameterGroups([{ name, shape: [2, 2], trainable: true }], {
      ...{ layerDecay: 1, weightDecay: 0.1, normPre: 'first', rule },
    })[0]?.decays
  expect(decays('library')).toBe(false)
  expect(decays('released')).toBe(!name.includes('position_embeddings'))
})

it("gives the first norm of transformers' CLIP the scale of the embeddings", () => {
  const parameters = named(
    'vision_model.embeddings.patch_embedding.weight',
    'vision_model.pre_layrnorm.weight',
    'vision_model.encoder.layers.1.mlp.fc1.weight',
  )
  expect(layers(parameters).layer_0_decay).toContain('vision_model.pre_layrnorm.weight')
  expect(layers(parameters, 'last').layer_3_decay).toEqual(['vision_model.pre_layrnorm.weight'])
})

it('all parameters decay where the settings say so', () => {
  const parameters = ['weight', 'bias', 'cls_token'].map(name => ({ name, shape: [4], trainable: true }))
  const options = { layerDecay: 1, weightDecay: 0.1, normPre: 'first' } as const
  const decaying = (decays?: 'matrices' | 'all') =>
    parameterGroups(parameters, { ...options, decays }).map(group => [group.decays, group.weightDecay])
  // The token belongs to the first layer, the others to the last.
  expect(decaying()).toEqual([
    [false, 0],
    [false, 0],
  ])
  expect(decaying('all')).toEqual([
    [true, 0.1],
    [true, 0.1],
  ])
})
