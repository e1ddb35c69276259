import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { connect, type Session, smoothingOf, torch } from '../../../src'
import { cohenCertifier } from '../../../src/certification/certifiers'
import { certifiersOf } from '../../../src/certification/procedure'
import { certifyImages } from '../../../src/certification/queue/certify-images'
import type { RestPass } from '../../../src/certification/queue/passes'
import { VotingPasses } from '../../../src/certification/queue/voting-passes'
import {
  aggregatedClass,
  armsVoter,
  consensusVoter,
  type Members,
  singleVoter,
  type Voter,
} from '../../../src/certification/voters'
import { toSymmetric } from '../../../src/smoothing/denoise'
import { leadingClass } from '../../../src/smoothing/leading-class'
import { gaussianBound } from '../../../src/statistics/bound'
import { CLASSIFIER, loadDigits } from '../../support/digits'
import { withForkedPython } from '../../support/forked-python'
import { filled } from './fake-network'

const SIGMA = 0.5
const SIZE = 64
const IMAGES = [0, 1, 2, 3]
const COPIES = 240
const VOTES = { n0: 16, n: COPIES - 16, alpha: 0.01 }

let session: Session
let networks: Awaited<ReturnType<typeof loadDigits>>
let members: Members
const certifier = (ballot?: string) =>
  cohenCertifier({ ...VOTES, bound: gaussianBound(SIGMA), ...(ballot !== undefined && { ballot }) })

beforeAll(async () => {
  vi.stubEnv('FT_CADIS_COMPILE_BACKEND', 'eager')
  session = await withForkedPython(() => connect({ device: 'cpu', threads: 1 }))
  networks = await loadDigits(session)
  const shifted = (mean: number) =>
    torch.loadClassifier(session, {
      ...{ source: 'timm', path: CLASSIFIER, inputRange: { mean: [mean], std: [0.3] } },
    })
  members = [networks.classifier, await shifted(0.6), await shifted(0.2)]
})
afterAll(async () => {
  vi.unstubAllEnvs()
  await session.close()
})

/** k-consensus of which all members are asked about every copy. */
function wholeVoter(consensus: number): Voter {
  return {
    networks: members,
    ballots: { class: { classes: 10 } },
    cast: seen_NCHW => {
      const logits = members.map(member => member.classify(seen_NCHW))
      const all_N = aggregatedClass(logits as [torch.Tensor<'NK'>], { by: 'logits', classes: 10 })
      const [lead_N, ...others] = logits.slice(0, consensus).map(leadingClass) as [torch.Tensor<'N'>]
      return {
        class: others.reduce<torch.Tensor<'N'>>(
          (class_N, other_N: torch.Tensor<'N'>) => torch.where(torch.eq(other_N, lead_N), class_N, all_N),
          lead_N,
        ),
      }
    },
  }
}

/** What is certified of the digits, and how many copies the passes of the queue held. */
async function certified(
  voter: Voter,
  { images = IMAGES, atWork = 8, size = SIZE, certifiers = [certifier()] } = {},
) {
  const rests = vi.spyOn(VotingPasses.prototype, 'voteRest')
  const drawn = vi.spyOn(VotingPasses.prototype, 'vote')
  const alive = session.liveTensors()
  const found = certifyImages(
    session,
    images,
    image => ({
      image_CHW: session.scope(() =>
        toSymmetric(torch.select(networks.testSet.images([image]).images_BCHW, 'B', 0)),
      ),
      ...{ stream: [1, 'test', image], beside: [], certifiers },
    }),
    {
      lines: { main: { smoothing: smoothingOf(networks.denoiser, SIGMA), voter, copies: 10_000 } },
      ...{ batch: size, images: atWork },
    },
  )
  const outcomes = new Map<number, unknown>()
  for await (const { item, outcomes: each } of found) outcomes.set(item, each)
  expect(session.liveTensors()).toBe(alive)
  const [ofFirst, ofRest] = [drawn, rests].map(({ mock }) => mock.calls.map(([pass]) => pass as RestPass))
  drawn.mockRestore()
  rests.mockRestore()
  return { outcomes, ofFirst: ofFirst ?? [], ofRest: ofRest ?? [] }
}

const copiesOf = (passes: readonly RestPass[]) => passes.reduce((total, pass) => total + filled(pass), 0)

describe('k-consensus of the digits', () => {
  it.each([1, 2, 3])(
    'of the first %i has the rows of an ensemble that is asked in one pass',
    async consensus => {
      const whole = await certified(wholeVoter(consensus))
      const found = await certified(consensusVoter(members, { classes: 10, consensus }))
      expect(found.outcomes).toEqual(whole.outcomes)
      expect(copiesOf(found.ofFirst)).toBe(IMAGES.length * COPIES)
      if (consensus !== 2) expect(found.ofRest).toEqual([])
    },
  )

  it('asks the rest of the members about the copies alone that the first differ on, in full passes', async () => {
    const voter = consensusVoter(members, { classes: 10, consensus: 2 })
    const found = await certified(voter, { size: 16 })
    const all = IMAGES.length * COPIES
    const open = copiesOf(found.ofRest)
    process.stdout.write(
      `2-consensus of three: the first two see ${all} copies, the third ${open} in ${found.ofRest.length} passes of 16\n`,
    )
    expect(open).toBeGreaterThan(2 * 16)
    expect(open).toBeLessThan(0.5 * all)
    expect(new Set(found.ofRest.map(({ size }) => size))).toEqual(new Set([16]))
    expect(found.ofRest.slice(0, -2).map(filled)).toEqual(found.ofRest.slice(0, -2).map(() => 16))
    expect(found.ofRest.length).toBeLessThanOrEqual(Math.ceil(open / 16) + 1)
  })

  it('has equal outcomes for any number of images at work, any order and any share of them', async () => {
    const voter = consensusVoter(members, { classes: 10, consensus: 2 })
    const grid = certifiersOf(
      { kind: 'grid', radii: [0, 0.25, 0.5], block: 16, worth: 5 },
      { ...VOTES, bound: gaussianBound(SIGMA) },
    )({ ballot: 'class' })
    const certifiers = [certifier(), grid]
    const { outcomes } = await certified(voter, { certifiers })
    for (const [images, atWork] of [
      [IMAGES, 1],
      [[3, 1, 0, 2], 3],
      [[2], 2],
    ] as const) {
      const found = await certified(voter, { images: [...images], atWork, certifiers })
      expect(found.outcomes).toEqual(new Map(images.map(image => [image, outcomes.get(image)])))
    }
  })

  it('shares its copies with other arms, each with its own open copies', async () => {
    const voters = [
      consensusVoter(members, { classes: 10, consensus: 2 }),
      singleVoter(members[0], { classes: 10 }),
      consensusVoter([...members].reverse() as unknown as Members, { classes: 10, consensus: 2 }),
    ]
    const alone: ReadonlyMap<number, unknown>[] = []
    for (const voter of voters) alone.push((await certified(voter)).outcomes)
    const certifiers = voters.map((_, arm) => certifier(`${arm}/class`))
    const together = await certified(armsVoter(voters), { certifiers })
    for (const image of IMAGES) {
      expect(together.outcomes.get(image)).toEqual(
        alone.flatMap(outcomes => outcomes.get(image) as readonly unknown[]),
      )
    }
    expect(new Set(together.ofRest.map(({ ballot }) => ballot))).toEqual(new Set(['0/class', '2/class']))
    expect(copiesOf(together.ofFirst)).toBe(IMAGES.length * COPIES)
  })

  it('has each compiled network see passes of one size', async () => {
    const compiled = members.map(member =>
      torch.inferenceCopy(member, {
        ...{ dtype: 'float32', autocast: 'none', channelsLast: false, compile: true },
      }),
    ) as unknown as Members
    const found = await certified(consensusVoter(compiled, { classes: 10, consensus: 2 }), { size: 16 })
    expect(found.ofRest.length).toBeGreaterThan(2)
    const graphs = await session.compute(() => compiled.map(torch.compiledGraphs))
    expect(graphs).toEqual(compiled.map(() => ({ graphs: 1, symbolic: 0 })))
    session.free(compiled)
  }, 120_000)
})
