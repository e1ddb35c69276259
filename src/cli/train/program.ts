import { namedPreset } from '../../config/named-presets'
import type { Table1Scale } from '../../config/table1'
import { given } from '../../files/given'
import { createProgram, runMain } from '../program'
import { addCertifyOptions, addPresetOptions, addTrainOptions, type TrainOptions } from './options'
import { train } from './run'

export interface TrainProgram {
  /** Name of the program in its help. */
  readonly name: string
  /** One sentence about it. */
  readonly description: string
  /** The preset: `digits`, `cifar10`, `imagenet` (with `--tuning lora | full`), … */
  readonly preset: string
  /** The scale of a preset `table1.<method>`. */
  readonly scale?: Table1Scale
}

/**
 * Runs a program that trains with one preset: `ft-cadis train --preset …` with the options of the preset, then a
 * certification of the result unless `--no-certify` is given. Reads the command line, prints errors, sets the exit code.
 *
 * @example
 * void trainProgram({ name: 'finetune-cifar10', description: 'FT-CADIS on CIFAR-10.', preset: 'cifar10' })
 */
export async function trainProgram({ name, description, preset, scale }: TrainProgram): Promise<void> {
  await runMain(async () => {
    const program = createProgram(name, description)
    addPresetOptions(addTrainOptions(program), [namedPreset(preset, scale)])
    addCertifyOptions(program).option('--no-certify', 'stop after training')
    program.action((options: TrainOptions) => train({ ...options, preset, ...given({ scale }) }))
    await program.parseAsync()
  })
}
