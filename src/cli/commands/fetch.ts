import type { Command } from 'commander'
import { PUBLISHED_WEIGHTS } from '../../config/published-weights'
import { ConfigError } from '../../errors'
import { didYouMean } from '../../files/nearest-name'
import { print, printLine } from '../../terminal/print'

const NAMES = Object.keys(PUBLISHED_WEIGHTS) as (keyof typeof PUBLISHED_WEIGHTS)[]

export function addFetchCommand(program: Command): void {
  program
    .command('fetch')
    .description(
      'download published weights into a cache; only this command and setup use the network; without a name, list them',
    )
    .argument('[names...]', `${NAMES.join(', ')}, or ids of the Hugging Face hub such as owner/name`)
    .option('--python <path>', 'Python to use instead of PYTHON_BIN, an active conda environment or .venv')
    .action(async (names: string[], options: { python?: string }) => {
      names.forEach(requireName)
      const { fetchFile, fetchModel } =
        require('../../environment/fetch-weights') as typeof import('../../environment/fetch-weights')
      const { interruptible } = require('../interruption') as typeof import('../interruption')
      if (names.length === 0) return print(await listOfWeights())
      await interruptible('what has come is kept', async signal => {
        for (const name of names) {
          const published = isPreset(name) ? PUBLISHED_WEIGHTS[name] : undefined
          if (published !== undefined) {
            const { what, licence } = published.denoiser
            const { path, sha256, isPublished, wasThere } = await fetchFile(published.denoiser, {
              ...options,
              signal,
            })
            print(`denoiser: ${what}, licence ${licence}${wasThere ? ', was there already' : ''}`)
            printLine(`  ${path}`)
            print(`  SHA-256 ${sha256}, ${isPublished ? 'as published' : 'kept: none is published'}`)
          }
          const id = published?.classifier ?? name
          const { folder, commit } = await fetchModel(id, { ...options, signal })
          print(`${published === undefined ? 'model' : 'classifier'}: ${id}, commit ${commit}`)
          printLine(`  ${folder}`)
        }
      })
    })
}

function isPreset(name: string): name is keyof typeof PUBLISHED_WEIGHTS {
  return Object.hasOwn(PUBLISHED_WEIGHTS, name)
}

/**
 * Requires a name of this package or a hub id.
 *
 * @throws ConfigError for anything else
 */
function requireName(name: string): void {
  if (isPreset(name) || /^[\w.-]+\/[\w.-]+$/.test(name)) return
  throw new ConfigError(
    `Unknown weights ${name}, expected ${NAMES.join(', ')} or an id of the Hugging Face hub, owner/name.${didYouMean(name, NAMES)}`,
    { remedy: 'Run `npx ft-cadis fetch` to see what there is.' },
  )
}

/** Lists the weights that can be fetched by name, and their state in the cache. */
async function listOfWeights(): Promise<string> {
  const { cachedWeights } =
    require('../../environment/cached-weights') as typeof import('../../environment/cached-weights')
  const { presets, models } = await cachedWeights()
  const lines = presets.flatMap(({ name, denoiser, classifier }) => [
    name,
    `  denoiser    ${denoiser.file}: ${denoiser.isCached ? 'in the cache' : 'not fetched'}`,
    `  classifier  ${classifier.id}: ${classifier.isCached ? 'in the cache' : 'not fetched'}`,
  ])
  const others = models.filter(id => presets.every(({ classifier }) => classifier.id !== id))
  return [
    ...lines,
    ...(others.length === 0 ? [] : ["other models in the hub's cache", ...others.map(id => `  ${id}`)]),
  ].join('\n')
}
