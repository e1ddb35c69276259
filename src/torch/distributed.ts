import { type Plain, PlainHandle, type Session } from '../bridge'
import type { AnyDenoiser } from './image-denoiser'
import type { Classifier } from './modules'
import type { Optimizer, RunningStatistics } from './optimizer'
import { type Axes, Tensor } from './tensor'

/**
 * The processes that `ft-cadis launch` started, as one group. Every rank must ask for the same things in the same order,
 * also where it has nothing to add: each of these waits for all ranks. In a process that nobody launched they do nothing.
 */
export interface ProcessGroup {
  /** This process among all, counted from 0. */
  readonly rank: number
  readonly worldSize: number
  /**
   * Records summing the gradients of the optimizer's parameters over the ranks. A parameter that has a gradient on any
   * rank has one on all of them afterwards; one that has none anywhere stays without, so that the step passes it over
   * as it does in one process.
   */
  allReduceGradients(optimizer: Optimizer): void
  /** Records a sum over the ranks, without a graph. With one rank it is the tensor itself. */
  allReduceSum<A extends Axes>(tensor: Tensor<A>): Tensor<A>
  /** Records adding up what the micro-batches of all ranks have made of running statistics, before they are applied. */
  allReduceStatistics(statistics: RunningStatistics): void
  /** Records giving every rank the parameters and buffers that a network has on rank 0. */
  broadcastParameters(module: Classifier | AnyDenoiser): void
  /** Rank 0's plain data, on every rank. What the other ranks pass is ignored. */
  broadcast<T extends Plain>(value: T): Promise<T>
  /** The plain data of every rank, in the order of the ranks, on every rank. */
  gather<T extends Plain>(value: T): Promise<T[]>
  /** Resolves when every rank has come here, and all that this one has recorded has run. */
  barrier(): Promise<void>
  /** Leaves; the others continue without this rank as long as they ask for nothing together. Safe to call twice. */
  leave(): Promise<void>
}

export interface JoinOptions {
  /** How long the other ranks may take to come. Default: 10 minutes. */
  readonly joinSeconds?: number
  /**
   * How long one operation waits for ranks that live. Default: 1 hour. A rank that is gone is found at once, or on
   * another machine or where it hangs, after 15 seconds; the environment variable FT_CADIS_RANK_SILENCE_SECONDS changes that.
   */
  readonly waitSeconds?: number
}

/**
 * Joins the ranks of this launch, over NCCL where the session's device is a GPU and over gloo on the CPU. The environment
 * says who they are; see `environment/launch-rank.ts`. In a process that nobody launched it is {@link soleProcess}.
 *
 * Where a rank is gone while another waits for it, that one's read rejects with RankLostError, which names it, or with
 * PythonExitError, whose last line names it.
 *
 * @throws PythonError if the other ranks do not come in time
 */
export async function joinProcessGroup(
  session: Session,
  { joinSeconds = 600, waitSeconds = 3600 }: JoinOptions = {},
): Promise<ProcessGroup> {
  const { rank, worldSize } = session.launch
  if (worldSize === 1) return soleProcess()
  const handle = session.record('join_process_group', [], {
    parameters: { rank, world_size: worldSize, join_seconds: joinSeconds, wait_seconds: waitSeconds },
    make: (owner, id) => new PlainHandle<never>(owner, id),
  })
  await session.flush()
  return new LaunchedGroup(handle, { rank, worldSize })
}

/** The group of a process that nobody launched: nothing is recorded, and nothing waits. */
export function soleProcess(): ProcessGroup {
  const nothing = () => undefined
  return {
    rank: 0,
    worldSize: 1,
    allReduceGradients: nothing,
    allReduceSum: tensor => tensor,
    allReduceStatistics: nothing,
    broadcastParameters: nothing,
    broadcast: async value => value,
    gather: async value => [value],
    barrier: async () => undefined,
    leave: async () => undefined,
  }
}

class LaunchedGroup implements ProcessGroup {
  readonly rank: number
  readonly worldSize: number
  readonly #handle: PlainHandle<never>
  #left = false

  constructor(handle: PlainHandle<never>, { rank, worldSize }: { rank: number; worldSize: number }) {
    this.#handle = handle
    this.rank = rank
    this.worldSize = worldSize
  }

  allReduceGradients(optimizer: Optimizer): void {
    this.#session.perform('all_reduce_gradients', [this.#handle, optimizer])
  }

  allReduceSum<A extends Axes>(tensor: Tensor<A>): Tensor<A> {
    return this.#session.record('all_reduce_sum', [this.#handle, tensor], {
      make: (session, id) => new Tensor(session, id, tensor.axes),
    })
  }

  allReduceStatistics(statistics: RunningStatistics): void {
    this.#session.perform('all_reduce_statistics', [this.#handle, statistics])
  }

  broadcastParameters(module: Classifier | AnyDenoiser): void {
    this.#session.perform('broadcast_parameters', [this.#handle, module])
  }

  broadcast<T extends Plain>(value: T): Promise<T> {
    return this.#plain<T>('broadcast_plain', this.rank === 0 ? value : null)
  }

  gather<T extends Plain>(value: T): Promise<T[]> {
    return this.#plain<T[]>('gather_plain', value)
  }

  async barrier(): Promise<void> {
    await this.gather(null)
  }

  async leave(): Promise<void> {
    if (this.#left) return
    this.#left = true
    this.#session.perform('leave_process_group', [this.#handle])
    this.#session.free(this.#handle)
    await this.#session.flush()
  }

  get #session(): Session {
    return this.#handle.session
  }

  async #plain<Data>(operation: string, value: Plain): Promise<Data> {
    const session = this.#session
    const answer = await session.compute(() =>
      session.record(operation, [this.#handle], {
        parameters: { value },
        make: (owner, id) => new PlainHandle<Data>(owner, id),
      }),
    )
    return answer as Data
  }
}
