import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { PACKAGE_FOLDER } from '../environment/paths'
import { addAnalyzeCommand } from './analyze'
import { addCertifyCommand } from './certify'
import { addCheckFixturesCommand } from './check-fixtures'
import { addDoctorCommand } from './doctor'
import { addExperimentCommand } from './experiment'
import { addExportCommand } from './export'
import { addInitCommand } from './init'
import { addLaunchCommand } from './launch'
import { addPredictCommand } from './predict'
import { createProgram } from './program'
import { addReportCommand } from './report'
import { addRunsCommand } from './runs'
import { addSetupCommand } from './setup'

/**
 * The command line with all of its commands, not yet run. A command loads what it works with when it is run, by `require`
 * inside its action: --help stays fast. (A relative `import()` would need the file extension, which differs between the
 * sources and what is built from them.)
 */
export function createFtCadis(): Command {
  const { version } = JSON.parse(readFileSync(join(PACKAGE_FOLDER, 'package.json'), 'utf8')) as {
    version: string
  }
  const program = createProgram(
    'ft-cadis',
    'Fine-tune classifiers for certified robustness under denoised smoothing, certify and analyse them.',
  ).version(version)
  addSetupCommand(program)
  addDoctorCommand(program)
  addInitCommand(program)
  addCheckFixturesCommand(program)
  addAnalyzeCommand(program)
  addCertifyCommand(program)
  addPredictCommand(program)
  addExportCommand(program)
  addReportCommand(program)
  addRunsCommand(program)
  addExperimentCommand(program)
  addLaunchCommand(program)
  return program
}
