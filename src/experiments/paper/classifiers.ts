import { ConfigError } from '../../errors'
import type { Arm, Experiment } from '../definition'
import type { Scale } from '../scale'
import { ftCadis, offTheShelf } from './arms'

const TABLE = 'table17_cifar10_sigma0.50_classifiers'

export const classifiers: Experiment = {
  name: 'classifiers',
  title: 'A convolutional classifier and a transformer',
  source: 'Table 17',
  varies: 'the classifier behind the denoiser, and whether it is fine-tuned',
  heldEqual: 'denoiser, data, noise level, epochs, λ, M, attack, seeds; the noise that is certified with',
  findings: ['FT-CADIS raises the ACR of a convolutional classifier as well.'],
  sigma: 0.5,
  isAblation: true,
  scales: ['digits', 'cifar10'],
  arms: scale => {
    const convolutional = (arm: Arm): Arm => ({
      ...arm,
      key: `convolutional-${arm.key}`,
      label: `${nameOf(scale)}, ${arm.label}`,
      config: convolutionalOf(scale),
    })
    return [
      convolutional(ftCadis({ table: TABLE, row: 1 })),
      convolutional(offTheShelf({ table: TABLE, row: 0 })),
      { ...ftCadis({ table: TABLE, row: 2 }), key: 'transformer-ft-cadis', label: 'ViT, FT-CADIS' },
      { ...offTheShelf(), key: 'transformer-off-the-shelf', label: 'ViT, off-the-shelf' },
    ]
  },
  reference: 'convolutional-ft-cadis',
}

function nameOf({ name }: Scale): string {
  return name === 'digits' ? 'small ResNet in place of ResNet-110' : 'ResNet-110'
}

function convolutionalOf({ name, convolutional }: Scale): NonNullable<Scale['convolutional']> {
  if (convolutional !== undefined) return convolutional
  throw new ConfigError(`The paper has no convolutional classifier on the scale ${name}.`, {
    remedy: 'Run this experiment at the scale digits or cifar10.',
  })
}
