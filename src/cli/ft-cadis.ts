import type { Command } from 'commander'
import { requirePlatform } from '../environment/platform'
import { packageVersion } from '../files/package-version'
import { addAnalyzeCommand } from './commands/analyze'
import { addAttackCommand } from './commands/attack'
import { addCertifyCommand } from './commands/certify'
import { addCheckFixturesCommand } from './commands/check-fixtures'
import { addDoctorCommand } from './commands/doctor'
import { addExperimentCommand } from './commands/experiment'
import { addExportCommand } from './commands/export'
import { addFetchCommand } from './commands/fetch'
import { addInitCommand } from './commands/init'
import { addInspectCommand } from './commands/inspect'
import { addLaunchCommand } from './commands/launch'
import { addPredictCommand } from './commands/predict'
import { addReportCommand } from './commands/report'
import { addRunsCommand } from './commands/runs'
import { addServeCommand } from './commands/serve'
import { addSetupCommand } from './commands/setup'
import { addSoftLabelsCommand } from './commands/soft-labels'
import { addSweepCommand } from './commands/sweep'
import { addTrainCommand } from './commands/train'
import { addVerifyCommand } from './commands/verify'
import { addHelp } from './help'
import { createProgram } from './program'

/** Commands that only read and write files, so that they work everywhere. */
const READING: readonly string[] = ['analyze', 'init', 'merge', 'report', 'runs', 'verify']

/**
 * Returns the command line with all commands, without running it. A command loads its modules by `require` inside its
 * action, which keeps --help fast. (A relative `import()` would need the file extension, which differs between sources
 * and build.)
 */
export function createFtCadis(): Command {
  const program = createProgram(
    'ft-cadis',
    'Fine-tune classifiers for certified robustness under denoised smoothing, certify and analyse them.',
  )
    .version(packageVersion())
    .hook('preAction', (_program, command) => {
      if (!READING.includes(command.name())) requirePlatform()
    })
  addSetupCommand(program)
  addDoctorCommand(program)
  addFetchCommand(program)
  addInspectCommand(program)
  addInitCommand(program)
  addTrainCommand(program)
  addSweepCommand(program)
  addSoftLabelsCommand(program)
  addExportCommand(program)
  addLaunchCommand(program)
  addCertifyCommand(program)
  addPredictCommand(program)
  addServeCommand(program)
  addVerifyCommand(program)
  addAttackCommand(program)
  addRunsCommand(program)
  addReportCommand(program)
  addAnalyzeCommand(program)
  addExperimentCommand(program)
  addCheckFixturesCommand(program)
  addHelp(program)
  return program
}
