import { costTable, paperCostTable } from '../cost-tables'
import type { Experiment } from '../definition'
import { offTheShelf } from './arms'

/** Tables 4 and 16. */
export const cost: Experiment = {
  name: 'cost',
  title: 'What fine-tuning costs',
  source: 'Tables 4 and 16',
  varies: 'what of the classifier is trained: nothing, everything, adapters of rank 4 and the head',
  heldEqual: 'networks, data, noise level, epochs, λ, M, attack, seeds; the noise that is certified with',
  findings: ['LoRA comes close to full fine-tuning in ACR with a hundredth of the trainable parameters.'],
  sigma: 0.5,
  arms: ({ lora, full }) => [
    offTheShelf(),
    { key: 'full', label: 'FT-CADIS, full fine-tuning', config: full },
    { key: 'lora', label: 'FT-CADIS, LoRA', config: lora },
  ],
  reference: 'full',
  tables: outcome => [costTable(outcome), paperCostTable()],
}
