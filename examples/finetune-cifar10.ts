/**
 * FT-CADIS on CIFAR-10 as in the paper (Table 9): full fine-tuning of a ViT-B/16 behind improved-diffusion's denoiser,
 * then CERTIFY on the test images. `--dry-run` looks first, `--synthetic` measures without weights or data.
 *
 *     npx ts-node examples/finetune-cifar10.ts --data cifar-10-batches-py --denoiser cifar10_uncond_50M_500K.pt
 *     npx ts-node examples/finetune-cifar10.ts --help
 */
import { trainProgram } from 'ft-cadis'

void trainProgram({
  name: 'finetune-cifar10',
  description: 'FT-CADIS on CIFAR-10 with the settings of the paper.',
  preset: 'cifar10',
})
