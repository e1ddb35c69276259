import type { RunConfigInput } from 'ft-cadis'

/** The shapes of the networks of the digits demonstration. */

/** An ADM-style UNet of 190,369 parameters: 16 and 32 channels, attention at 4×4, 1,000 linear steps. */
export const DENOISER: RunConfigInput['smoothing']['denoiser'] = {
  source: 'diffusers',
  unet: {
    sample_size: 8,
    in_channels: 1,
    out_channels: 1,
    center_input_sample: false,
    time_embedding_type: 'positional',
    freq_shift: 0,
    flip_sin_to_cos: true,
    layers_per_block: 1,
    block_out_channels: [16, 32],
    down_block_types: ['DownBlock2D', 'AttnDownBlock2D'],
    up_block_types: ['AttnUpBlock2D', 'UpBlock2D'],
    downsample_type: 'conv',
    upsample_type: 'conv',
    norm_num_groups: 8,
    attn_norm_num_groups: 8,
    norm_eps: 1e-5,
    attention_head_dim: 8,
    resnet_time_scale_shift: 'scale_shift',
  },
  scheduler: {
    num_train_timesteps: 1000,
    beta_schedule: 'linear',
    beta_start: 1e-4,
    beta_end: 0.02,
    prediction_type: 'epsilon',
  },
}

/** A vision transformer of 202,186 parameters: patches of 4×4, width 64, 4 blocks of 4 heads. */
export const CLASSIFIER = {
  source: 'timm',
  name: 'vit_tiny_patch16_224',
  pretrained: false,
  modelArgs: {
    img_size: 8,
    patch_size: 4,
    in_chans: 1,
    embed_dim: 64,
    depth: 4,
    num_heads: 4,
    num_classes: 10,
  },
} as const
