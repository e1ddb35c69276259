/**
 * FT-CADIS on ImageNet as in the paper (Table 10): LoRA on a CLIP ViT-B/16, or every weight of it, behind
 * guided-diffusion's denoiser, then CERTIFY on one test image of each class. `--dry-run` looks first, `--synthetic`
 * measures without weights or data.
 *
 *     npx ts-node examples/finetune-imagenet.ts --data imagenet --denoiser 256x256_diffusion_uncond.pt
 *     npx ts-node examples/finetune-imagenet.ts --help
 */
import { trainProgram } from 'ft-cadis'

void trainProgram({
  name: 'finetune-imagenet',
  description: 'FT-CADIS on ImageNet with the settings of the paper.',
  preset: 'imagenet',
})
