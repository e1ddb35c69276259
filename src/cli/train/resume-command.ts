import { basename, relative } from 'node:path'
import { launchRank } from '../../environment/launch-rank'
import { shellWord } from '../shell-word'

/**
 * Returns the command that continues the run of this process: its own words with `--resume`, which a sweep does not need,
 * and without `--replace`.
 */
export function resumeCommand(argv: readonly string[] = process.argv): string {
  const [, program = '', ...words] = argv
  const isScript = /\.[cm]?ts$/.test(program) && basename(program) !== 'main.ts'
  const start =
    launchRank().worldSize > 1 ? 'npx ft-cadis launch … --' : isScript ? 'npx ts-node' : 'npx ft-cadis'
  const others = words.filter(word => word !== '--resume' && word !== '--replace')
  const typed = [
    ...(isScript ? [relative('', program)] : []),
    ...others,
    ...(words[0] === 'sweep' ? [] : ['--resume']),
  ]
  return [start, ...typed.map(shellWord)].join(' ')
}
