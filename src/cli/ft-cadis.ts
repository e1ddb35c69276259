import type { Command } from 'commander'
import { packageVersion } from '../files/package-version'
import { addAnalyzeCommand } from './commands/analyze'
import { addCertifyCommand } from './commands/certify'
import { addCheckFixturesCommand } from './commands/check-fixtures'
import { addDoctorCommand } from './commands/doctor'
import { addExperimentCommand } from './commands/experiment'
import { addExportCommand } from './commands/export'
import { addInitCommand } from './commands/init'
import { addLaunchCommand } from './commands/launch'
import { addPredictCommand } from './commands/predict'
import { addReportCommand } from './commands/report'
import { addRunsCommand } from './commands/runs'
import { addSetupCommand } from './commands/setup'
import { addSoftLabelsCommand } from './commands/soft-labels'
import { createProgram } from './program'

/**
 * The command line with all of its commands, not yet run. A command loads what it works with when it is run, by `require`
 * inside its action: --help stays fast. (A relative `import()` would need the file extension, which differs between the
 * sources and what is built from them.)
 */
export function createFtCadis(): Command {
  const program = createProgram(
    'ft-cadis',
    'Fine-tune classifiers for certified robustness under denoised smoothing, certify and analyse them.',
  ).version(packageVersion())
  addSetupCommand(program)
  addDoctorCommand(program)
  addInitCommand(program)
  addCheckFixturesCommand(program)
  addAnalyzeCommand(program)
  addCertifyCommand(program)
  addPredictCommand(program)
  addSoftLabelsCommand(program)
  addExportCommand(program)
  addReportCommand(program)
  addRunsCommand(program)
  addExperimentCommand(program)
  addLaunchCommand(program)
  return program
}
