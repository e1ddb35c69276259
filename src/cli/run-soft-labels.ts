import { connect } from '../bridge'
import { writeSoftLabels } from '../certification/soft-labels'
import { compilingPhase } from '../terminal/compiling'
import { printLine, say } from '../terminal/print'
import { type Progress, progressBar } from '../terminal/progress'
import type { SmoothedOptions } from './certification-options'
import { endPythonWhenAborted } from './end-python'
import { interruptible } from './interruption'
import { smoothedSource } from './smoothed-source'

export interface SoftLabelsCommandOptions extends SmoothedOptions {
  readonly output: string
  readonly augment?: boolean
}

/** Noisy copies per image in the released code. */
const COPIES = 10_000

/** `ft-cadis soft-labels`: writes or continues the file, and prints its path. */
export async function runSoftLabels(
  folder: string | undefined,
  { output, augment = false, n = COPIES, ...options }: SoftLabelsCommandOptions,
): Promise<void> {
  const source = await smoothedSource(folder, options)
  const { device, threads } = source.config
  await interruptible('the images in work are dropped, and the file stays whole', async signal => {
    await using session = await connect({ python: options.python, device, threads })
    endPythonWhenAborted(session, signal)
    using _compiling = session.watchCompiling(compilingPhase(say).onCompiling)
    let bar: Progress | undefined
    try {
      await writeSoftLabels(session, source, {
        ...{ output, n, augment, signal },
        onImage: (done, total) => {
          bar ??= progressBar('soft labels', { total })
          bar.update(done, `${n} noisy copies an image`)
        },
        onNote: say,
      })
    } finally {
      bar?.stop()
    }
  })
  printLine(`soft labels: ${output}`)
}
