import { resolve } from 'node:path'
import { Handle, PlainHandle, type Session } from '../bridge'

/**
 * Appends to a TensorBoard event file (torch.utils.tensorboard). What is written is only recorded: it costs no answer
 * of Python, travels with the next program, and is on the disk seconds later. A file that cannot be written fails the
 * program in which that shows, with a PythonError of the type EventFileError.
 */
export class EventWriter extends Handle<never> {
  /** Numbers of one step by tag; those that are not finite are written too. */
  scalars(step: number, values: Readonly<Record<string, number>>): void {
    this.session.perform('write_scalars', [this], { step, values })
  }

  /**
   * The settings of a run: `values` for the tab HParams, which compares runs by them, and `text`, Markdown, for the tab Text.
   */
  settings(values: Readonly<Record<string, string | number>>, text: string): void {
    this.session.perform('write_settings', [this], { values, text })
  }

  /** @param png - A PNG file in base64. */
  image(step: number, { tag, png }: { tag: string; png: string }): void {
    this.session.perform('write_image', [this], { step, tag, png })
  }

  /** Writes what is left, and ends the file. */
  async close(): Promise<void> {
    this.session.perform('close_event_writer', [this])
    this.session.free(this)
    await this.session.flush()
  }
}

/**
 * Begins an event file in a folder, which is made where there is none.
 *
 * @throws PythonError of the type EventFileError if the folder cannot be written
 */
export async function openEventWriter(
  session: Session,
  folder: string,
  {
    purgeStep,
  }: {
    /** TensorBoard hides what earlier files of the folder hold of this step and of later ones. */
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
