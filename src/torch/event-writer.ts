import { resolve } from 'node:path'
import { Handle, PlainHandle, type Session } from '../bridge'

/**
 * Appends to a TensorBoard event file (torch.utils.tensorboard). Writes are only recorded: they need no reply from Python, are sent with
 * the next program, and reach the disk seconds later. If the file cannot be written, the program that finds out fails with a PythonError of
 * type EventFileError.
 */
export class EventWriter extends Handle<never> {
  /** Writes the numbers of one step by tag, including those that are not finite. */
  scalars(step: number, values: Readonly<Record<string, number>>): void {
    this.session.perform('write_scalars', [this], { step, values })
  }

  /** Writes the settings of a run: `values` for the tab HParams, which compares runs by them, and `text`, Markdown, for the tab Text. */
  settings(values: Readonly<Record<string, string | number>>, text: string): void {
    this.session.perform('write_settings', [this], { values, text })
  }

  /** @param png - A PNG file in base64. */
  image(step: number, { tag, png }: { tag: string; png: string }): void {
    this.session.perform('write_image', [this], { step, tag, png })
  }

  /** Flushes and closes the file. */
  async close(): Promise<void> {
    this.session.perform('close_event_writer', [this])
    this.session.free(this)
    await this.session.flush()
  }
}

/**
 * Opens a new event file in a folder, which is created if missing.
 *
 * @throws PythonError of type EventFileError if the folder cannot be written
 */
export async function openEventWriter(
  session: Session,
  folder: string,
  {
    purgeStep,
  }: {
    /** TensorBoard hides data of this step and later ones in earlier files of the folder. */
    readonly purgeStep?: number
  } = {},
): Promise<EventWriter> {
  const handle = session.record('open_event_writer', [], {
    parameters: { folder: resolve(folder), purge_step: purgeStep ?? null },
    make: (owner, id) => new PlainHandle<never>(owner, id),
  })
  await session.flush()
  return new EventWriter(session, handle.id)
}
