#!/usr/bin/env node
import { printLine } from '../terminal/print'
import { createFtCadis } from './ft-cadis'
import { FIRST_STEPS } from './help'
import { runMain } from './program'

void runMain(async () => {
  if (process.argv.length > 2) return createFtCadis().parseAsync()
  FIRST_STEPS.split('\n').forEach(printLine)
})
