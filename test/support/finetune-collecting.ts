import {
  type FinetuneHooks,
  type FinetuneResult,
  type Form,
  type FtCadisForm,
  finetune,
  type RunConfigInput,
  type RunDefinition,
  type Session,
  type UpdateReport,
} from '../../src'

/** Fine-tunes, and keeps the report of every update. */
export async function finetuneCollecting<F extends Form = FtCadisForm>(
  session: Session,
  config: RunConfigInput | RunDefinition,
  hooks: FinetuneHooks<F> = {},
): Promise<FinetuneResult & { readonly updates: readonly UpdateReport[] }> {
  const updates: UpdateReport[] = []
  const collect = { onUpdate: (report: UpdateReport) => void updates.push(report) }
  const result = await finetune(session, config, { ...hooks, watchers: [collect, ...(hooks.watchers ?? [])] })
  return { ...result, updates }
}
