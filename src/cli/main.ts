#!/usr/bin/env node
import { createFtCadis } from './ft-cadis'
import { runMain } from './program'

void runMain(() => createFtCadis().parseAsync())
