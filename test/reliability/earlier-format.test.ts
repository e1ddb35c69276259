import { createHash } from 'node:crypto'
import { cp, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { FtCadisError, finetune, parseConfig } from '../../src'
import { readCertificationLog } from '../../src/analysis'
import { analyze } from '../../src/analysis/analyze'
import { mergeShards } from '../../src/logs/merge-shards'
import { CLASSIFIER, connectForTest, DENOISER } from '../support/digits'
import { runHere } from '../support/run-here'
import { greyImage } from '../support/tiny-images'

/** See its README. */
const FIXTURE = join(__dirname, '..', 'support', 'format-1', 'digits')
/** The fixture was made where these lay elsewhere. */
const NETWORKS = ['--denoiser', DENOISER, '--classifier', CLASSIFIER]
const CPU = ['--device', 'cpu', '--threads', '1']

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

describe('what an earlier version wrote', () => {
  let folder: string
  let run: string

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ft-cadis-earlier-'))
    run = join(folder, 'digits')
    await cp(FIXTURE, run, { recursive: true })
  })
  afterAll(() => rm(folder, { recursive: true }))

  const ftCadis = (...options: readonly string[]) => runHere(...options)
  const shards = () => [1, 2].map(number => join(run, `certify.shard-0${number}-of-02.tsv`))

  /** Every file of the run by its content. */
  async function contents(): Promise<Record<string, string>> {
    const names = (await readdir(run, { recursive: true })).sort()
    const files: Record<string, string> = {}
    for (const name of names) {
      if (name === 'run.lock' || !(await stat(join(run, name))).isFile()) continue
      files[name] = createHash('sha256')
        .update(await readFile(join(run, name)))
        .digest('hex')
    }
    return files
  }

  /** What is refused, and that nothing is changed by it. */
  async function refusalOf(add: () => Promise<unknown>): Promise<FtCadisError> {
    const before = await contents()
    const error = await add().then(
      () => undefined,
      (reason: unknown) => reason,
    )
    expect(await contents()).toEqual(before)
    if (!(error instanceof FtCadisError)) throw new Error(`It was not refused: ${String(error)}`)
    return error
  }

  it('is listed and reported, with a note on what is not recorded', async () => {
    const listed = await ftCadis('runs', folder)
    expect(listed).toMatchObject({ exitCode: 0, stderr: '' })
    expect(listed.stdout).toMatch(/digits │ interrupted │ +2\/2 │ +7\/8 │/)
    expect(listed.stdout).toMatch(
      /note: .*digits does not say on which images it was trained, nor by which functions of a script.*cannot be checked/,
    )
    const page = join(folder, 'report.html')
    expect(await ftCadis('report', run, '--output', page)).toMatchObject({ exitCode: 0, stderr: '' })
    const html = await readFile(page, 'utf8')
    expect(html).toContain(
      'The run digits does not say on which images it was trained, nor by which functions',
    )
    expect(html).toContain('<th scope="row">hooks</th><td>not recorded</td>')
  })

  it('is certified, with a note on what cannot be checked', async () => {
    const log = join(folder, 'certified.tsv')
    const options = ['--n0', '10', '--n', '100', '--images', 'first:2', '--output', log]
    const { exitCode, stderr } = await ftCadis('certify', run, ...NETWORKS, ...CPU, ...options)
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 })
    expect(stderr).toMatch(/step-000007 does not say on which images.*cannot be checked/)
    const { rows, metadata } = await readCertificationLog(log)
    expect(rows).toHaveLength(2)
    expect(metadata?.format).toBe(2)
  })

  it('classifies images, with the same note', async () => {
    const image = join(folder, 'grey.ppm')
    await writeFile(image, greyImage(128))
    const options = ['--model', run, '--n0', '10', '--n', '100', '--json']
    const { exitCode, stdout, stderr } = await ftCadis('predict', image, ...NETWORKS, ...CPU, ...options)
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 })
    expect(JSON.parse(stdout).predictions).toHaveLength(1)
    expect(stderr).toMatch(/step-000007 does not say on which images.*cannot be checked/)
  })

  it('is exported, with the same note', async () => {
    const merged = join(folder, 'merged')
    const { exitCode, stderr } = await ftCadis('export', run, '--merge', merged)
    expect(exitCode).toBe(0)
    expect(stderr).toMatch(/note: .*step-000007 does not say on which images.*cannot be checked/)
    expect(await readdir(merged)).toContain('model.safetensors')
  })

  it('is analysed, with a note on what cannot be checked', async () => {
    const logs = ['certify', 'certify-adaptive'].map(name => join(run, `${name}.tsv`))
    const { tables, notes } = analyze(
      await Promise.all(logs.map(async file => ({ label: file, log: await readCertificationLog(file) }))),
    )
    expect(tables[0]?.rows).toHaveLength(2)
    for (const file of logs) {
      expect(notes.join('\n')).toContain(`${file} does not say which images it is of`)
    }
  })

  it('is not resumed: the refusal says how to begin afresh', async () => {
    const { config } = JSON.parse(await readFile(join(run, 'config.json'), 'utf8'))
    await using session = await connectForTest()
    const error = await refusalOf(() =>
      finetune(session, parseConfig({ ...config, output: run, device: 'cpu' }), { existing: 'resume' }),
    )
    expect(error.remedy).toContain(`output: '${run}-2'`)
    expect(error.remedy).toContain(`--output ${run}-2`)
  })

  it('is not continued: the refusal has the command that certifies afresh', async () => {
    const log = join(run, 'certify.tsv')
    const before = await contents()
    const { exitCode, stderr } = await ftCadis(
      ...['certify', join(run, 'checkpoints', 'epoch-01'), ...NETWORKS, ...CPU],
      ...['--n0', '10', '--n', '200', '--images', 'first:8', '--output', log],
    )
    expect(exitCode).toBe(1)
    expect(stderr).toMatch(
      /ft-cadis certify \S+epoch-01 --n0 10 --n 200 --alpha 0.001 --images 0-5 --output \S+certify-2\.tsv/,
    )
    expect(await contents()).toEqual(before)
  })

  it('is not merged: the refusal has the commands that certify the shards afresh', async () => {
    const error = await refusalOf(() => mergeShards(shards(), { output: join(run, 'merged.tsv') }))
    for (const number of [1, 2]) {
      expect(error.remedy).toMatch(
        new RegExp(
          `ft-cadis certify \\S+epoch-01 .* --images 0-5 --shard ${number}/2 --output \\S+certify-2\\.tsv`,
        ),
      )
    }
  })
})
