import { existsSync } from 'node:fs'
import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { connect, type Session } from '../../src/bridge'
import { runMain } from '../../src/cli/program'
import * as torch from '../../src/torch'

/** What a rank tells the test. */
export interface RankReport {
  readonly rank: number
  readonly pids: readonly { readonly node: number; readonly python: number }[]
  readonly results: Results | null
}

export interface Results {
  readonly sum: { readonly total: number[][]; readonly mine: number[][] }
  readonly broadcast: unknown
  readonly gathered: unknown
  /**
   * Logits of a network made of a parameter, a fraction and a count: as they differ between ranks, as rank 0 has them, and after
   * an update in which rank 0 has passed through it once, and rank 1 twice.
   */
  readonly constants: readonly (readonly number[] | undefined)[]
  readonly training: Training
}

export interface Training {
  readonly gradientNorms: readonly number[]
  readonly logits: readonly (readonly number[])[]
}

const NETWORKS = join(__dirname, 'ranks_networks.py')

function loadNetwork(session: Session, factory: string, args: { value?: number } = {}) {
  const tuning = { kind: 'full' }
  return torch.loadClassifier(session, { source: 'python', file: NETWORKS, factory, arguments: args, tuning })
}

/** Micro-batches of two images: the network uses more of itself on the first one than on the second. */
const MICRO_BATCHES = [
  [[[[0.5, 0.1]]], [[[0.3, 0.8]]]],
  [[[[-0.5, 0.2]]], [[[-0.9, -0.3]]]],
]

/**
 * AdamW updates over two micro-batches each, of which every rank takes its share: one process accumulates both, two processes
 * take one each. Before the last update no gradient is computed anywhere but on rank 0.
 */
export async function train(session: Session, group: torch.ProcessGroup): Promise<Training> {
  const classifier = await loadNetwork(session, 'PartlyUsed')
  const optimizer = torch.adamW(classifier, [{ parameters: 'all', learningRate: 0.05, weightDecay: 0.1 }])
  const gradientNorms: number[] = []
  const updates = 4
  for (let update = 0; update < updates; update += 1) {
    const microBatches = update === updates - 1 ? MICRO_BATCHES.slice(0, 1) : MICRO_BATCHES
    for (const [index, images] of microBatches.entries()) {
      if (index % group.worldSize !== group.rank) continue
      session.scope(() => {
        const images_NCHW = torch.tensor(session, images, { axes: 'NCHW' })
        const logits = classifier.training(() => classifier.classify(images_NCHW))
        torch.backward(torch.mean(torch.square(torch.sub(logits, update))))
      })
    }
    group.allReduceGradients(optimizer)
    gradientNorms.push(await session.compute(() => optimizer.gradientNorm()))
    optimizer.step()
    optimizer.zeroGradients()
  }
  const logits = await session.compute(() =>
    classifier.classify(torch.tensor(session, MICRO_BATCHES.flat(), { axes: 'NCHW' })),
  )
  session.free([optimizer, classifier])
  return { gradientNorms, logits }
}

async function computeTogether(session: Session, group: torch.ProcessGroup): Promise<Results> {
  const sum = await session.compute(() => {
    const mine = torch.tensor(session, [[group.rank, 1]], { axes: 'BK' })
    return { total: group.allReduceSum(mine), mine }
  })
  const network = await loadNetwork(session, 'Constants', { value: 2 * group.rank + 1 })
  const constants: (number[] | undefined)[] = []
  const look = async () => {
    const image = session.scope(() => torch.tensor(session, [[[[0]]]], { axes: 'NCHW' }))
    constants.push((await session.compute(() => network.classify(image)))[0])
    session.free(image)
  }
  await look()
  group.broadcastParameters(network)
  await look()
  const statistics = torch.runningStatistics(network)
  session.scope(() => {
    for (let pass = 0; pass <= group.rank; pass += 1) {
      const image = torch.tensor(session, [[[[2 * group.rank + 1]]]], { axes: 'NCHW' })
      network.training(() => network.classify(image))
    }
  })
  statistics?.endMicroBatch()
  await look()
  if (statistics !== null) group.allReduceStatistics(statistics)
  statistics?.apply({ microBatches: 2 })
  await look()
  session.free(statistics)
  session.free(network)
  return {
    sum,
    constants,
    broadcast: await group.broadcast({ from: group.rank, text: 'σ', numbers: [1e300, 0.1] }),
    gathered: await group.gather('x'.repeat(3 * group.rank)),
    training: await train(session, group),
  }
}

/** Reports, and continues asking the other ranks until the file `stop` is there. */
async function main(folder: string): Promise<void> {
  // As training does, which finishes its update first.
  process.on('SIGTERM', () => undefined)
  await using session = await connect({ device: 'cpu', threads: 1 })
  const group = await torch.joinProcessGroup(session)
  const { rank } = group
  // A launcher that starts its ranks again because of another machine does not count it.
  const attempt = Math.max(...(await group.gather(session.launch.restartCount)))
  const report: RankReport = {
    rank,
    results: attempt === 0 ? await computeTogether(session, group) : null,
    pids: await group.gather({ node: process.pid, python: session.pid }),
  }
  const file = join(folder, `rank-${rank}-attempt-${attempt}.json`)
  await writeFile(`${file}.part`, JSON.stringify(report))
  await rename(`${file}.part`, file)
  while (!(await group.broadcast(existsSync(join(folder, 'stop'))))) await setTimeout(10)
  await group.leave()
}

if (require.main === module) void runMain(() => main(process.argv[2] ?? ''))
