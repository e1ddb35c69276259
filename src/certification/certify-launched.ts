import type { Session } from '../bridge'
import { logsBeside } from '../logs/earlier-rows'
import { mergeShards } from '../logs/merge-shards'
import { type Shard, shardPath } from '../logs/shards'
import { joinProcessGroup } from '../torch'

/** How long a launched process waits for others that live: their shares may take longer, never that much. */
const WAIT_SECONDS = 7 * 86_400

/**
 * Certifies in the processes of a launch: each takes its share, and the first one merges them into `log` when all are
 * done. In a process that was not launched there is one share, the whole. Rows that an earlier launch left, with however
 * many processes, are not certified again.
 *
 * @param certifyShare - Certifies a share into the log that `shardPath` names; without one, everything into `log`. It gets
 *   the logs that are there, to take rows over from.
 * @returns whether this process is the one that has the whole log
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
