import type { CertificationRow, LoggedRow } from './certification-log'
import { CertificationLogWriter, type NewLogMetadata } from './certification-log-file'

/** The logs of several classifiers that are certified together, and their rows. */
export class ArmLogs implements AsyncDisposable {
  readonly #writers: readonly CertificationLogWriter[]
  /** Per arm, by image. */
  readonly #rows: readonly Map<number, CertificationRow>[]

  private constructor(writers: readonly CertificationLogWriter[]) {
    this.#writers = writers
    this.#rows = writers.map(({ earlierRows }) => new Map(earlierRows.map(row => [row.index, row])))
  }

  /** Opens all logs or none; throws as `CertificationLogWriter.open`. */
  static async open(
    logs: readonly { readonly path: string; readonly metadata: NewLogMetadata }[],
  ): Promise<ArmLogs> {
    const writers: CertificationLogWriter[] = []
    try {
      for (const { path, metadata } of logs) writers.push(await CertificationLogWriter.open(path, metadata))
      return new ArmLogs(writers)
    } catch (error) {
      for (const writer of writers) await writer.close()
      throw error
    }
  }

  /** Returns the rows of an image, from the arms that have one. */
  rowsOf(index: number): readonly CertificationRow[] {
    return this.#rows.flatMap(ofArm => ofArm.get(index) ?? [])
  }

  /** Returns the rows of an arm. */
  rowsOfArm(arm: number): readonly CertificationRow[] {
    return [...(this.#rows[arm]?.values() ?? [])]
  }

  /** Returns whether the log of an arm describes its data. */
  saysData(arm: number): boolean {
    return this.#writers[arm]?.saysData ?? false
  }

  /** Returns the arms without a row of an image. */
  armsWithout(index: number): readonly number[] {
    return [...this.#rows.keys()].filter(arm => this.#rows[arm]?.has(index) === false)
  }

  /** Writes the rows that an arm lacks and another log has. */
  async takeOver(
    arm: number,
    { from, images }: { from: ReadonlyMap<number, LoggedRow>; images: readonly number[] },
  ): Promise<void> {
    for (const index of images) {
      const row = from.get(index)
      if (row !== undefined && this.#rows[arm]?.has(index) === false) await this.append(arm, row)
    }
  }

  /** Writes a row of an arm, and returns when it is synced to disk. */
  async append(arm: number, row: LoggedRow): Promise<void> {
    await this.#writers[arm]?.append(row)
    this.#rows[arm]?.set(row.index, row)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const writer of this.#writers) await writer.close()
  }
}
