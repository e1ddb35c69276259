#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { PACKAGE_FOLDER } from '../environment/paths'
import { addAnalyzeCommand } from './analyze'
import { addCertifyCommand } from './certify'
import { addCheckFixturesCommand } from './check-fixtures'
import { addDoctorCommand } from './doctor'
import { addExportCommand } from './export'
import { addLaunchCommand } from './launch'
import { addPredictCommand } from './predict'
import { createProgram, runMain } from './program'
import { addReportCommand } from './report'
import { addRunsCommand } from './runs'
import { addSetupCommand } from './setup'

// A command loads what it works with when it is run, by `require` inside its action: --help stays fast. (A relative
// `import()` would need the file extension, which differs between the sources and what is built from them.)
void runMain(async () => {
  const { version } = JSON.parse(readFileSync(join(PACKAGE_FOLDER, 'package.json'), 'utf8')) as {
    version: string
  }
  const program = createProgram(
    'ft-cadis',
    'Fine-tune classifiers for certified robustness under denoised smoothing, certify and analyse them.',
  ).version(version)
  addSetupCommand(program)
  addDoctorCommand(program)
  addCheckFixturesCommand(program)
  addAnalyzeCommand(program)
  addCertifyCommand(program)
  addPredictCommand(program)
  addExportCommand(program)
  addReportCommand(program)
  addRunsCommand(program)
  addLaunchCommand(program)
  await program.parseAsync()
})
