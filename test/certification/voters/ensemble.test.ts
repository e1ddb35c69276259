import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Session } from '../../../src/bridge'
import {
  type Aggregation,
  type Cast,
  consensusVoter,
  ensembleVoter,
  type Members,
  OPEN,
  selectorVoter,
} from '../../../src/certification/voters'
import { flatten, select, type Tensor, tensor } from '../../../src/torch'
import { connectForTest } from '../../support/digits'

type Logits = readonly (readonly number[])[]

let session: Session
beforeAll(async () => {
  session = await connectForTest()
})
afterAll(() => session.close())

/** Copies whose channels are logits, and members that read a channel each; `asked` is told of each pass. */
function table(logits: readonly Logits[], asked: Tensor<'NK'>[] = []) {
  const rows = logits[0]?.map((_, copy) => logits.map(ofMember => [[...(ofMember[copy] ?? [])]])) ?? []
  const members = logits.map((_, member) => ({
    classify(copies_NCHW: Tensor<'NCHW'>) {
      const logits_NK = flatten(select(copies_NCHW, 'C', member), 'HW', 'K')
      asked.push(logits_NK)
      return logits_NK
    },
  }))
  return { seen_NCHW: tensor(session, rows, { axes: 'NCHW' }), members: members as unknown as Members }
}

const classes = 3
/** Two members for class 0 by little, one for class 2 by much; then all for 1; then one each. */
const LOGITS: readonly Logits[] = [
  [
    [2, 0, 0],
    [0, 1, 0],
    [1, 0, 0],
  ],
  [
    [2, 0, 0],
    [0, 1, 0],
    [0, 2, 0],
  ],
  [
    [0, 0, 9],
    [0, 1, 0],
    [0, 0, 1],
  ],
]

describe('an ensemble', () => {
  const cast = (by: Aggregation, logits = LOGITS) =>
    session.compute(() => {
      const { seen_NCHW, members } = table(logits)
      return ensembleVoter(members, { classes, by }).cast(seen_NCHW, ['class']).class as Tensor<'N'>
    })

  it.each<[Aggregation, number[]]>([
    ['logits', [2, 1, 1]],
    // Of votes that tie, the first class has it.
    ['votes', [0, 1, 0]],
    ['softmax', [0, 1, 1]],
    [
      [1, 1, 0.1],
      [0, 1, 1],
    ],
    [
      [0, 0, 1],
      [2, 1, 2],
    ],
  ])('makes a class of %j', async (by, expected) => {
    expect(await cast(by)).toEqual(expected)
  })

  it.each<Aggregation>(['logits', 'votes', 'softmax', [1, 1, 0]])(
    'has no class for a copy that a member has none for: %j',
    async by => {
      const broken = [
        LOGITS[0] as Logits,
        LOGITS[1] as Logits,
        [
          [Number.NaN, 0, 0],
          [0, 1, 0],
          [0, 0, 1],
        ],
      ]
      expect((await cast(by, broken))[0]).toBe(-1)
      expect((await cast(by, broken))[1]).toBe(1)
    },
  )
})

describe('k-consensus', () => {
  const cast = (consensus: number, logits = LOGITS) =>
    session.compute(() => {
      const asked: Tensor<'NK'>[] = []
      const { seen_NCHW, members } = table(logits, asked)
      const voter = consensusVoter(members, { classes, consensus })
      const { class: cast } = voter.cast(seen_NCHW, ['class']) as { readonly class: Cast }
      const isOpen = 'kept' in cast
      const rest = voter.rests?.class
      return {
        labels: isOpen ? cast.class_N : cast,
        rest: isOpen && rest !== undefined ? [rest.cast(cast.kept)] : [],
        asked,
      }
    })

  it.each([
    // Where no copy is open, the first stands in.
    [1, [0, 1, 0], [3, 1, 1], [[2]]],
    // The first two agree on the first copy, where all together would say 2.
    [2, [0, 1, OPEN], [3, 3, 1], [[1]]],
    [3, [2, 1, 1], [3, 3, 3], []],
  ])(
    'of %i asks the others about the copies alone that these differ on',
    async (consensus, labels, counts, rest) => {
      const read = await cast(consensus)
      expect(read.labels).toEqual(labels)
      expect(read.rest).toEqual(rest)
      expect(read.asked.map(rows => (rows as unknown as number[][]).length)).toEqual(counts)
    },
  )

  it('has no class for a copy that a member has none for', async () => {
    const broken = LOGITS.map(rows =>
      rows.map((row, copy) => (copy === 1 ? [Number.NaN, ...row.slice(1)] : row)),
    )
    expect((await cast(2, broken)).labels).toEqual([0, -1, OPEN])
  })

  it('has no class for an open copy that a member of the rest has none for', async () => {
    const [first = [], second = [], [one = [], two = []] = []] = LOGITS
    const broken = [first, second, [one, two, [Number.NaN, 0, 0]]]
    expect(await cast(2, broken)).toMatchObject({ labels: [0, 1, OPEN], rest: [[-1]] })
  })
})

describe('a selector', () => {
  const cast = (threshold: number, isLearned: boolean, logits: readonly Logits[]) =>
    session.compute(() => {
      const { seen_NCHW, members } = table(logits)
      const [network, selector] = members
      const options = { classes, threshold, ...(isLearned && selector && { selector }) }
      return selectorVoter(network, options).cast(seen_NCHW, ['selector', 'class'])
    })

  it('leaves copies of little entropy to the certification network', async () => {
    const logits = [
      [
        [9, 0, 0],
        [1, 1, 1],
        [0, 1, 0],
        [Number.NaN, 0, 0],
      ],
    ]
    expect(await cast(0.5, false, logits)).toEqual({ selector: [1, 0, 0, -1], class: [0, 0, 1, -1] })
    expect((await cast(1, false, logits)).selector).toEqual([1, 1, 1, -1])
  })

  it('does as its network says, ties to the certification network', async () => {
    const logits = [
      [
        [9, 0],
        [0, 1],
        [0, 1],
        [0, 1],
      ],
      [
        [9, 0],
        [0, 0],
        [0, 5],
        [0, Number.NaN],
      ],
    ]
    expect(await cast(0.5, true, logits)).toEqual({ selector: [0, 1, 1, -1], class: [0, 1, 1, 1] })
  })
})
