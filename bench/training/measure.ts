import { connect, type SessionInfo } from '../../src'
import { resolveInterpreter } from '../../src/environment/interpreter'
import { PythonSide, type PythonUpdate } from './python-side'
import { TypeScriptSide, type TypeScriptUpdate } from './typescript-side'
import {
  AS_IT_IS,
  type Figures,
  type Mode,
  type PlannedUpdate,
  plannedUpdate,
  type Workload,
} from './workload'

/** How far two losses may lie apart, as a share: rounding, carried through the updates before. */
const FLOAT32_TOLERANCE = 1e-5
/** A batch of another size is rounded differently. */
const OTHER_BATCHES_TOLERANCE = 1e-3
const HALF_TOLERANCE = 1e-2

export function toleranceOf(
  { denoiser, config: { autocast, tf32 } }: Workload,
  modes: readonly Mode[],
): number {
  if (denoiser.dtype !== 'float32' || autocast !== 'none' || tf32) return HALF_TOLERANCE
  const isAlike = modes.every(({ loop }) => loop === 'same')
  return isAlike ? FLOAT32_TOLERANCE : OTHER_BATCHES_TOLERANCE
}

/** One update taken by both sides, one right after the other. */
export interface Round {
  readonly mode: Mode
  readonly typescript: TypeScriptUpdate
  readonly python: PythonUpdate
}

export interface Measurement {
  readonly workload: Workload
  readonly info: SessionInfo
  /** The first updates, over which both sides agree. They also warm both up. */
  readonly checked: readonly Round[]
  readonly timed: readonly Round[]
}

export interface MeasureOptions {
  readonly workload: Workload
  /** Which images are attacked, update by update in turn. Default: as `finetune` does it. */
  readonly modes?: readonly Mode[]
  readonly python?: string | undefined
  readonly device: string
  readonly threads: number
  /** Updates over which both sides must agree before anything is timed. */
  readonly checkedUpdates: number
  readonly timedUpdates: number
  readonly onUpdate?: (done: number) => void
}

/** Both sides of the same updates, each in its own Python. */
export interface Sides extends AsyncDisposable {
  readonly workload: Workload
  readonly info: SessionInfo
  readonly typescript: TypeScriptSide
  readonly loop: PythonSide
}

export type SidesOptions = Pick<MeasureOptions, 'workload' | 'python' | 'device' | 'threads'>

export async function openSides({ workload, python, device, threads }: SidesOptions): Promise<Sides> {
  const interpreter = await resolveInterpreter({ python })
  const session = await connect({ python: interpreter.path, device, threads })
  try {
    const typescript = await TypeScriptSide.start(session, workload)
    const loop = await PythonSide.start({
      workload,
      interpreter: interpreter.path,
      device: session.info.device,
      threads,
      level: typescript.level,
      groups: typescript.groups,
    })
    const close = async () => {
      await loop[Symbol.asyncDispose]()
      await session[Symbol.asyncDispose]()
    }
    return { workload, info: session.info, typescript, loop, [Symbol.asyncDispose]: close }
  } catch (error) {
    await session[Symbol.asyncDispose]()
    throw error
  }
}

/** Returns the update of a number, as `finetune` plans it. */
export function updateOf(number: number, { workload, typescript }: Sides, mode: Mode): PlannedUpdate {
  const { groups, updatesPerEpoch } = typescript
  return plannedUpdate(number, workload, { groups, updatesPerEpoch, mode })
}

/**
 * Takes the same updates in TypeScript and in the plain Python loop, each in its own Python, in turn: whatever else
 * the machine does meets both alike. The order within a round changes from round to round.
 *
 * @throws Error when the two disagree in the first updates: then their times would not compare
 */
export async function measure(options: MeasureOptions): Promise<Measurement> {
  const { workload, modes = [AS_IT_IS], checkedUpdates, timedUpdates, onUpdate } = options
  await using sides = await openSides(options)
  const rounds: Round[] = []
  for (let number = 0; number < checkedUpdates + timedUpdates; number += 1) {
    if (number === checkedUpdates) requireAgreement(rounds, toleranceOf(workload, modes))
    // Each mode has as many rounds with the one side first as with the other.
    const loopFirst = Math.floor(number / modes.length) % 2 === 1
    const mode = modes[number % modes.length] ?? AS_IT_IS
    rounds.push({ mode, ...(await takeRound(updateOf(number, sides, mode), sides, { loopFirst })) })
    onUpdate?.(number + 1)
  }
  return {
    ...{ workload, info: sides.info },
    checked: rounds.slice(0, checkedUpdates),
    timed: rounds.slice(checkedUpdates),
  }
}

export async function takeRound(
  update: PlannedUpdate,
  { typescript, loop }: Pick<Sides, 'typescript' | 'loop'>,
  { loopFirst }: { readonly loopFirst: boolean },
): Promise<Omit<Round, 'mode'>> {
  if (loopFirst) {
    const python = await loop.update(update)
    return { python, typescript: await typescript.update(update) }
  }
  return { typescript: await typescript.update(update), python: await loop.update(update) }
}

/** The largest relative difference between the losses of the two sides; NaN where one of them is not a number. */
export function lossDifference(rounds: readonly Round[]): number {
  return Math.max(
    ...rounds.map(({ typescript, python }) => {
      const [ours, theirs] = [typescript.figures.loss, python.figures.loss]
      return Math.abs(ours - theirs) / Math.abs(theirs)
    }),
  )
}

/** Throws unless every loss and every number of attacked images is the same on both sides. */
export function requireAgreement(rounds: readonly Round[], tolerance = FLOAT32_TOLERANCE): void {
  const number = rounds.findIndex(
    round =>
      !(lossDifference([round]) <= tolerance) ||
      round.typescript.figures.attacked !== round.python.figures.attacked,
  )
  const round = rounds[number]
  if (round === undefined) return
  const say = ({ loss, attacked }: Figures) => `loss ${loss}, ${attacked} images attacked`
  throw new Error(
    `TypeScript and the Python loop do different work, so there is nothing to time. Update ${number}: ` +
      `${say(round.typescript.figures)} in TypeScript; ${say(round.python.figures)} in the Python loop.`,
  )
}
