import type { Table } from '../../analysis/tables'
import { votesOf } from '../../logs/outcome'
import type { Arm, Experiment } from '../definition'
import type { ExperimentOutcome } from '../outcome'
import { offTheShelf } from '../paper/arms'
import { certifiedAs } from './certified-as'

const SIGMA = 0.5
const NETWORKS = { ...offTheShelf(), sigma: SIGMA }

const several = (key: string, label: string, purify: Parameters<typeof certifiedAs>[1]['purify']): Arm =>
  certifiedAs({ ...NETWORKS, key, label }, { purify })

/** DiffSmooth and DensePure, and their cost. */
export const purify: Experiment = {
  name: 'purify',
  title: 'A vote from several looks at a noisy copy',
  source: 'no table of the paper',
  varies:
    'how a noisy copy gets its vote: once, by its denoised image under fresh noise (DiffSmooth), by several reverse runs (DensePure)',
  heldEqual: 'networks off the shelf, which no noise was trained on; data, noisy copies, n0, n and α',
  findings: [],
  sigma: SIGMA,
  scales: ['digits', 'cifar10'],
  arms: () => [
    { ...NETWORKS, label: 'once' },
    several('off-the-shelf-local-0.1', "DiffSmooth, σ' = 0.1, 5 votes", {
      kind: 'local',
      sigma: 0.1,
      votes: 5,
    }),
    several('off-the-shelf-local-0.25', "DiffSmooth, σ' = 0.25, 5 votes", {
      kind: 'local',
      sigma: 0.25,
      votes: 5,
    }),
    several('off-the-shelf-reverse-2', 'DensePure, 2 steps, 10 runs', {
      kind: 'reverse',
      steps: 2,
      votes: 10,
    }),
  ],
  reference: 'off-the-shelf',
  tables: outcome => [passesTable(outcome)],
}

/** Returns the passes of each network per image. */
function passesTable({ arms }: ExperimentOutcome): Table {
  return {
    caption: 'Noisy copies of an image, and how often each network is asked about them',
    columns: [
      { header: 'arm' },
      { header: 'copies', digits: 0 },
      { header: 'denoiser', digits: 0 },
      { header: 'classifier', digits: 0 },
    ],
    rows: arms.map(({ label, config, logs }) => {
      const { purify: how } = config.certification
      const [{ evidence } = {}] = logs[0] ?? []
      const copies = evidence === undefined ? 0 : evidence.n0 + votesOf(evidence)
      const votes = how.kind === 'once' ? 1 : how.votes
      return [label, copies, copies * (how.kind === 'reverse' ? votes * how.steps : 1), copies * votes]
    }),
  }
}
