/** The files that `ft-cadis init` writes. Tests check their types and run them. */

interface TemplateOptions {
  /** Whether .ts files of the folder are ES modules: the nearest package.json has `"type": "module"`. */
  readonly isModule: boolean
  /** Path of the JSON schema of settings, relative to the folder. */
  readonly schema: string
}

/** Returns the files, by name. */
export function experimentFiles({ isModule, schema }: TemplateOptions): Readonly<Record<string, string>> {
  return {
    'config.ts': CONFIG,
    'experiment.ts': experiment(isModule ? './config.js' : './config'),
    'settings.json': settings(schema),
  }
}

/** Returns settings that override a preset, for use on the command line. Editors complete them by the schema. */
function settings(schema: string): string {
  const fields = {
    $schema: schema,
    optimisation: { epochs: 2, warmupEpochs: 0.5 },
    certification: { images: { first: 20 } },
  }
  return `${JSON.stringify(fields, null, 2)}\n`
}

/** Written if neither the folder nor a parent has a tsconfig.json: the defaults of ts-node are for older TypeScript. */
export const TSCONFIG = `{
  "compilerOptions": {
    "target": "es2022",
    "module": "nodenext",
    "types": ["node"],
    "strict": true,
    "skipLibCheck": true
  }
}
`

const CONFIG = `import { defineConfig, presets } from 'ft-cadis'

// presets.cifar10 and presets.imagenet are the paper's settings, and take the paths of data and weights. Hover a field to
// read what it is; docs/reference/configuration.md of ft-cadis lists them all.
const preset = presets.digits({ sigma: 0.75, output: 'runs/first' })

/** What is trained, how, and how the result is certified. A wrong field is answered with its name when this is run. */
export const config = defineConfig({
  ...preset,
  threads: 1,
  // Short, to see something soon: the preset has 12 epochs, and certifies all 597 test images.
  optimisation: { ...preset.optimisation, epochs: 2, warmupEpochs: 0.5 },
  certification: { ...preset.certification, images: { first: 20 } },
})
`

function experiment(configModule: string): string {
  return `import { certificationOf, certify, connect, finetune, setup } from 'ft-cadis'
import { accuracyTable, renderTable } from 'ft-cadis/analysis'
import { config } from '${configModule}'

async function main(): Promise<void> {
  await setup({ onLine: line => console.error(line) })
  await using session = await connect({ device: config.device, threads: config.threads })

  // A run that was killed or stopped continues where it was; a finished one is not trained again. A terminal shows how
  // far it is, and how far the certifications are; \`progress: true\` writes that elsewhere too.
  const { checkpoint } = await finetune(session, config, { existing: 'resume' })

  const offTheShelf = await certify(session, certificationOf(config), {
    log: \`\${config.output}/off-the-shelf.tsv\`,
  })
  const finetuned = await certify(session, certificationOf(config, checkpoint), {
    log: \`\${config.output}/ft-cadis.tsv\`,
  })
  const arms = [
    { label: 'off-the-shelf', logs: [offTheShelf.rows] },
    { label: 'FT-CADIS', logs: [finetuned.rows] },
  ]
  console.log(renderTable(accuracyTable(arms, [0, 0.25, 0.5, 0.75]), 'terminal'))
}

main().catch((error: unknown) => {
  // Of an error of ft-cadis this shows the message, which says what to do, and the line of this script.
  console.error(error)
  process.exitCode = 1
})
`
}
