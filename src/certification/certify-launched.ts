import type { Session } from '../bridge'
import { logsBeside } from '../logs/earlier-rows'
import { mergeShards } from '../logs/merge-shards'
import { type Shard, shardPath } from '../logs/shards'
import { joinProcessGroup } from '../torch'

/** How long a launched process waits for other live processes: their shares may take longer than its own, but never that long. */
const WAIT_SECONDS = 7 * 86_400

/**
 * Certifies in the processes of a launch: each takes its share, and the first one merges them into `log` when all are done. Without a
 * launch there is one share, the whole. Reuses rows of an earlier launch with any number of processes.
 *
 * @param certifyShare - Certifies a share into the log that `shardPath` names; without one, everything into `log`. It receives the existing
 *   logs, to reuse their rows.
 * @returns whether this process has the whole log
 */
export async function certifyLaunched(
  session: Session,
  log: string,
  certifyShare: (shard: Shard | undefined, earlier: readonly string[]) => Promise<unknown>,
): Promise<boolean> {
  const { rank, worldSize } = session.launch
  const earlier = await logsBeside(log)
  if (worldSize === 1) {
    await certifyShare(undefined, earlier)
    return true
  }
  const group = await joinProcessGroup(session, { waitSeconds: WAIT_SECONDS })
  const shards = Array.from({ length: worldSize }, (_, position) => ({ number: position + 1, of: worldSize }))
  await certifyShare(shards[rank], earlier)
  await group.barrier()
  if (rank === 0) {
    await mergeShards(
      shards.map(shard => shardPath(log, shard)),
      { output: log },
    )
  }
  await group.leave()
  return rank === 0
}
