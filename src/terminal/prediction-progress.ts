import { certificationLine } from './certification-progress'
import { compilingPhase } from './compiling'
import { liveLine } from './live-line'
import { predictionEstimate } from './prediction-estimate'
import { say } from './print'
import { progressBar } from './progress'
import { workClock } from './work-clock'

interface Predicted {
  readonly images: number
  /** Noisy copies that each image needs. */
  readonly copiesPerImage: number
}

/** Is told how far predictions are. */
export interface PredictionProgress {
  image(): void
  /** Copies of the image in work have voted. */
  copies(voted: number, of: number): void
  onCompiling(isCompiling: boolean): void
  end(): void
}

/**
 * Shows predictions on stderr: on a terminal as one updating line, as a certification; elsewhere an estimate after the
 * first passes, and a line at the end.
 */
export function predictionProgress(predicted: Predicted): PredictionProgress {
  return process.stderr.isTTY ? onTerminal(predicted) : elsewhere(predicted)
}

function onTerminal({ images, copiesPerImage }: Predicted): PredictionProgress {
  const line = liveLine()
  const compiling = compilingPhase(line.print)
  const clock = workClock({ pausedMs: compiling.spentMs })
  let done = 0
  let copies: { readonly voted: number; readonly of: number } | undefined
  line.show(
    columns =>
      compiling.line()?.slice(0, columns) ??
      certificationLine({ done, images, timed: clock.read(), copies, copiesPerImage }, columns),
  )
  return {
    image: () => {
      done += 1
      copies = undefined
      clock.image()
    },
    copies: (voted, of) => {
      copies = { voted, of }
      clock.copies(voted, of)
    },
    onCompiling: compiling.onCompiling,
    // Work that fails before its first image leaves no line.
    end: () => (done === 0 ? line.clear() : line.stop()),
  }
}

function elsewhere({ images, copiesPerImage }: Predicted): PredictionProgress {
  const bar = progressBar('classifying', { total: images })
  const estimate = predictionEstimate({ images, copiesPerImage })
  let done = 0
  return {
    image: () => {
      done += 1
      bar.update(done, `${copiesPerImage} noisy copies an image`)
      estimate.image()
    },
    copies: estimate.copies,
    onCompiling: compilingPhase(say).onCompiling,
    end: bar.stop,
  }
}
