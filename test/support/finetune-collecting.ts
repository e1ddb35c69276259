import {
  type FinetuneHooks,
  type FinetuneResult,
  finetune,
  type RunConfigInput,
  type Session,
  type UpdateReport,
} from '../../src'

/** Fine-tunes, and keeps the report of every update. */
export async function finetuneCollecting(
  session: Session,
  config: RunConfigInput,
  hooks: FinetuneHooks = {},
): Promise<FinetuneResult & { readonly updates: readonly UpdateReport[] }> {
  const updates: UpdateReport[] = []
  const collect = { onUpdate: (report: UpdateReport) => void updates.push(report) }
  const result = await finetune(session, config, { ...hooks, watchers: [collect, ...(hooks.watchers ?? [])] })
  return { ...result, updates }
}
