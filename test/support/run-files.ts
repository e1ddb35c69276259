import { createHash } from 'node:crypto'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** What of a report depends on the machine and the moment. */
const MEASURED = new Set([
  'durationMs',
  'hostMs',
  'imagesPerSecond',
  'roundTrips',
  'liveTensors',
  'deviceBytes',
])

/** The rows of `metrics.jsonl` without what is measured: the same for equal runs. */
export async function reproducibleRows(run: string): Promise<object[]> {
  const text = await readFile(join(run, 'metrics.jsonl'), 'utf8')
  return text
    .trimEnd()
    .split('\n')
    .map(line => Object.fromEntries(Object.entries(JSON.parse(line)).filter(([name]) => !MEASURED.has(name))))
}

/** The float32 tensors of a safetensors file, by name. */
export async function readTensors(path: string): Promise<Map<string, Float32Array>> {
  const file = await readFile(path)
  const start = 8 + Number(file.readBigUInt64LE())
  const header = JSON.parse(file.subarray(8, start).toString()) as Record<
    string,
    { dtype: string; data_offsets: [number, number] }
  >
  return new Map(
    Object.entries(header)
      .filter(([, { dtype }]) => dtype === 'F32')
      .map(
        ([
          name,
          {
            data_offsets: [from, to],
          },
        ]) => [name, new Float32Array(Uint8Array.from(file.subarray(start + from, start + to)).buffer)],
      ),
  )
}

/** Changes what `trainer.json` of a checkpoint says, sealed as if it had been written so. */
export async function rewriteTrainer(
  checkpoint: string,
  change: (content: Record<string, unknown>) => object,
): Promise<void> {
  const path = join(checkpoint, 'trainer.json')
  const { sha256: _, ...content } = JSON.parse(await readFile(path, 'utf8'))
  const changed = { ...content, ...change(content) }
  const sha256 = createHash('sha256').update(JSON.stringify(changed)).digest('hex')
  await writeFile(path, JSON.stringify({ ...changed, sha256 }))
}

/** The bytes of the weights and of the optimizer's moments in a checkpoint. */
export async function checkpointBytes(run: string, name: string): Promise<Record<string, string>> {
  const folder = join(run, 'checkpoints', name)
  const names = (await readdir(folder, { recursive: true })).filter(file => file.endsWith('.safetensors'))
  return Object.fromEntries(
    await Promise.all(
      names.map(async file => [file, (await readFile(join(folder, file))).toString('base64')] as const),
    ),
  )
}
