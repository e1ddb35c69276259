import { mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Writes what was found, and with which options, as JSON. Six digits are more than the votes decide. */
export async function writeFigures(path: string, figures: object): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  const rounded = (_key: string, value: unknown) =>
    typeof value === 'number' ? Number(value.toPrecision(6)) : value
  await writeFile(path, `${JSON.stringify(figures, rounded, 1)}\n`)
}
