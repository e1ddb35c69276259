import { type Plain, PlainHandle, type Session } from '../bridge'
import type { AnyDenoiser } from './image-denoiser'
import type { Classifier } from './modules'
import type { Optimizer, RunningStatistics } from './optimizer'
import { type Axes, Tensor } from './tensor'

/**
 * The processes that `ft-cadis launch` started, as one group. Every rank must call the same methods in the same order, even with nothing to
 * contribute: each waits for all ranks. Without a launch, they do nothing.
 */
export interface ProcessGroup {
  /** Number of this process in the group, counted from 0. */
  readonly rank: number
  readonly worldSize: number
  /**
   * Records a sum of the gradients of the optimizer's parameters over the ranks. A parameter with a gradient on any rank then has one on
   * all. A parameter without one on any rank stays without, and the step skips it, as in a single process.
   */
  allReduceGradients(optimizer: Optimizer): void
  /** Records a sum over the ranks, without a graph. With one rank it is the tensor itself. */
  allReduceSum<A extends Axes>(tensor: Tensor<A>): Tensor<A>
  /** Records a sum of the running statistics from the micro-batches of all ranks, before they are applied. */
  allReduceStatistics(statistics: RunningStatistics): void
  /** Records a broadcast of a network's parameters and buffers from rank 0 to every rank. */
  broadcastParameters(module: Classifier | AnyDenoiser): void
  /** Returns rank 0's plain data on every rank. Values of other ranks are ignored. */
  broadcast<T extends Plain>(value: T): Promise<T>
  /** Returns the plain data of every rank, in rank order, on every rank. */
  gather<T extends Plain>(value: T): Promise<T[]>
  /** Resolves when every rank has reached the barrier, and everything recorded on this rank has run. */
  barrier(): Promise<void>
  /** Leaves the group; the others continue without this rank until their next collective operation. Safe to call twice. */
  leave(): Promise<void>
}

export interface JoinOptions {
  /** Timeout for the other ranks to join. Default: 10 minutes. */
  readonly joinSeconds?: number
  /**
   * Timeout of one operation while all ranks are alive. Default: 1 hour. A lost rank is noticed at once; one that hangs or is on another
   * machine, after 15 seconds, which the environment variable FT_CADIS_RANK_SILENCE_SECONDS overrides.
   */
  readonly waitSeconds?: number
}

/**
 * Joins the ranks of this launch, over NCCL if the session's device is a GPU and over gloo on the CPU. The environment describes the ranks;
 * see `environment/launch-rank.ts`. Without a launch, this is {@link soleProcess}.
 *
 * If a rank is lost while another waits for it, the waiting rank's read rejects with RankLostError, which names the lost rank, or with
 * PythonExitError, whose last line names it.
 *
 * @throws PythonError if the other ranks do not join in time
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

/** Returns the group of a process without a launch: it records nothing and never waits. */
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
