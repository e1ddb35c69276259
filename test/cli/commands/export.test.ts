import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { finetune, presets, type RunConfig, smoothingOf, torch } from '../../../src'
import { parseUnknownConfig } from '../../../src/config/schema'
import { toSymmetric } from '../../../src/smoothing/denoise'
import { seen } from '../../../src/smoothing/smoothing'
import { CLASSIFIER, connectForTest, DENOISER } from '../../support/digits'
import { onnxIsMissing } from '../../support/onnx-is-missing'
import { runSnippets } from '../../support/run-example'
import { readTensors } from '../../support/run-files'
import { runHere } from '../../support/run-here'

type Logits = readonly number[][]

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 })

describe('export', () => {
  let folder: string
  let images: string
  let logits: { readonly lora: Logits; readonly full: Logits; readonly noisy: Logits }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ft-cadis-export-'))
    const session = await connectForTest()
    try {
      const run = (output: string, tuning: RunConfig['tuning'], changes: object = {}) => {
        const config = presets.digits({
          denoiser: DENOISER,
          classifier: CLASSIFIER,
          output: join(folder, output),
        })
        const optimisation = { ...config.optimisation, warmupEpochs: 0 }
        return finetune(session, parseUnknownConfig({ ...config, tuning, optimisation, ...changes }), {
          ...{ stopAfterUpdates: 4, evaluationImages: 4 },
        })
      }
      const full = await run('full', { kind: 'full' })
      const lora = await run('lora', { kind: 'lora', rank: 4, alpha: 8 })
      const method = { kind: 'diverse-ensemble', members: 2, gradientWeight: 0.5, marginWeight: 0.5 }
      await run('together', { kind: 'lora', rank: 2, alpha: 4 }, { method })
      const dncnn = { source: 'dncnn', depth: 3, width: 4, channels: 1 }
      await run(
        'denoiser',
        { kind: 'full' },
        { method: { kind: 'denoiser' }, smoothing: { sigma: 0.25, denoiser: dncnn } },
      )
      const testSet = await torch.openDataset(session, { source: 'digits', split: 'test' })
      const denoiser = await torch.loadDenoiser(session, { source: 'diffusers', path: DENOISER })
      const smoothing = smoothingOf(denoiser, 0.75)
      const read = await session.compute(() => {
        const pixels_NCHW = torch.flatten(testSet.images([0, 1, 2, 3]).images_BCHW, 'B', 'N')
        const images_NCHW = toSymmetric(pixels_NCHW)
        const scaled_NCHW = torch.mul(images_NCHW, smoothing.scales.image)
        return torch.noGrad(session, () => ({
          pixels: pixels_NCHW,
          lora: lora.networks.classifier.classify(images_NCHW),
          full: full.networks.classifier.classify(images_NCHW),
          noisy: lora.networks.classifier.classify(seen(smoothing, scaled_NCHW)),
        }))
      })
      images = join(folder, 'images.json')
      await writeFile(images, JSON.stringify(read.pixels))
      logits = read as never
    } finally {
      await session.close()
    }
    const certify = ['certify', join(folder, 'lora'), '--images', 'first:4', '--n0', '16', '--n', '100']
    expect((await runHere(...certify)).exitCode).toBe(0)
  })
  afterAll(() => rm(folder, { recursive: true }))

  const difference = (one: Logits, other: Logits) =>
    Math.max(
      ...one.flatMap((row, image) =>
        row.map((value, label) => Math.abs(value - (other[image]?.[label] ?? NaN))),
      ),
    )

  const runExport = (...words: string[]) => runHere('export', ...words)

  /** What plain Python gets by what an export has printed, each between empty lines. */
  async function runPrinted(stdout: string, ...folders: string[]) {
    const snippets = stdout
      .split('\n\n')
      .filter(text => text.startsWith('import '))
      .map(text => text.trim())
    expect(snippets).toHaveLength(folders.length)
    const exports = snippets.map(async (snippet, place) => {
      expect(snippet.split('\n')).toHaveLength(6)
      const file = join(folder, `snippet-${place}.py`)
      await writeFile(file, snippet)
      return [file, folders[place] ?? ''] as const
    })
    return runSnippets(images, await Promise.all(exports))
  }

  it('prints Python that loads adapters for peft and merged weights for timm, with the logits of the session', async () => {
    const [merged, adapter] = [join(folder, 'merged'), join(folder, "a'dapter")]
    const { exitCode, stdout, stderr } = await runExport(
      ...[join(folder, 'lora'), '--merge', merged, '--adapter', adapter],
    )
    expect({ exitCode, stderr }).toEqual({
      exitCode: 0,
      stderr: expect.stringMatching(/^note: the run is stopped: this is its checkpoint step-000004\.$/),
    })
    expect(stdout).toContain(`lora/step-000004: merged network written to ${merged}`)
    const [ofMerged, ofAdapter] = await runPrinted(stdout, merged, adapter)
    expect(difference(ofMerged?.logits ?? [], logits.lora)).toBeLessThan(1e-4)
    expect(difference(ofAdapter?.logits ?? [], logits.lora)).toBeLessThan(1e-4)
    expect(difference(logits.full, logits.lora)).toBeGreaterThan(0.01)
    expect(ofMerged?.card).toMatchObject({ license: 'apache-2.0', library_name: 'timm' })
    expect(ofAdapter?.card).toMatchObject({
      ...{ library_name: 'peft', pipeline_tag: 'image-classification' },
      tags: expect.arrayContaining(['randomized-smoothing']),
    })
  })

  it('writes a model card with what was certified, hashes and commands, and no path of this machine', async () => {
    const merged = join(folder, 'with-card')
    const { exitCode, stdout } = await runExport(join(folder, 'lora'), '--merge', merged, '--licence', 'mit')
    expect(exitCode).toBe(0)
    expect(stdout).toContain(`\nmodel card: ${join(merged, 'README.md')}\n`)
    const modes = (await readdir(merged)).map(async name => (await stat(join(merged, name))).mode & 0o777)
    expect(new Set(await Promise.all(modes))).toEqual(new Set([0o666 & ~process.umask()]))
    const card = await readFile(join(merged, 'README.md'), 'utf8')
    expect(card).toMatch(/^---\nlicense: mit\n/)
    expect(card).toMatch(/^# lora\/step-000004, σ = 0\.75$/m)
    expect(card).toMatch(/\| digits +\| 4 +\| 0\.75 +\| 16 +\| 100 +\| 0\.001 +\| fixed +\| +\d\.\d{3} \|/)
    expect(card).toMatch(/^\| model\.safetensors \| `[0-9a-f]{64}` \|$/m)
    expect(card).toMatch(
      /^npx ft-cadis certify runs\/reproduced --n0 16 --n 100 --alpha 0\.001 --images 0-3 /m,
    )
    expect(card).toContain('It was trained by the method `ft-cadis`. The run was stopped when')
    expect(card).not.toContain(folder)
    expect(card).not.toContain(process.cwd())
    // The settings in it are those of the run, for `train --config`.
    const [, settings = ''] = /```json\n([\s\S]*?)\n```/.exec(card) ?? []
    expect(JSON.parse(settings)).toMatchObject({
      tuning: { kind: 'lora', alpha: 8 },
      smoothing: { sigma: 0.75 },
    })
  })

  it('leaves logs of other weights out of the card, and says so', async () => {
    const run = join(folder, 'other-logs')
    await cp(join(folder, 'full'), run, { recursive: true })
    for (const name of ['certify-sigma-0.75.tsv', 'certify-sigma-0.75.tsv.json']) {
      await cp(join(folder, 'lora', name), join(run, name))
    }
    await writeFile(join(run, 'certify-damaged.tsv'), 'no log')
    const merged = join(folder, 'without-logs')
    const { exitCode, stderr } = await runExport(run, '--merge', merged)
    expect(exitCode).toBe(0)
    expect(stderr).toContain('certify-sigma-0.75.tsv is not in the model card: it is about other weights.')
    expect(stderr).toMatch(/certify-damaged\.tsv is not in the model card: .* line 1: no header row/)
    expect(await readFile(join(merged, 'README.md'), 'utf8')).toContain(
      'These weights have not been certified.',
    )
  })

  it('takes a whole network that was trained, and the folder of a checkpoint, wherever it was moved', async () => {
    const moved = join(folder, 'moved')
    await cp(join(folder, 'full', 'checkpoints', 'step-000004'), moved, { recursive: true })
    const output = join(folder, 'of-moved')
    const { exitCode, stdout } = await runExport(moved, '--merge', output)
    expect(exitCode).toBe(0)
    const [found] = await runPrinted(stdout, output)
    expect(difference(found?.logits ?? [], logits.full)).toBeLessThan(1e-4)
    const ofCheckpoint = await runExport(
      ...[join(folder, 'lora', 'checkpoints', 'step-000004'), '--merge', join(folder, 'of-checkpoint')],
    )
    expect(ofCheckpoint.stdout).toMatch(/^lora\/step-000004: merged network/)
  })

  it('writes each of the members that were trained together', async () => {
    const [merged, adapter] = [join(folder, 'merged-members'), join(folder, 'adapter-members')] as const
    const { exitCode, stdout } = await runExport(
      ...[join(folder, 'together'), '--merge', merged, '--adapter', adapter],
    )
    expect(exitCode).toBe(0)
    expect(stdout).toContain(`merged network written to ${join(merged, '1')}`)
    expect((await readdir(merged)).sort()).toEqual(['0', '1'])
    expect((await readdir(adapter)).sort()).toEqual(['0', '1'])
    const [first, second] = await Promise.all(
      ['0', '1'].map(member => readTensors(join(merged, member, 'model.safetensors'))),
    )
    const valuesOf = (tensors: typeof first) => [...(tensors?.values() ?? [])].map(values => [...values])
    expect([...(second?.keys() ?? [])]).toEqual([...(first?.keys() ?? [])])
    expect(valuesOf(second)).not.toEqual(valuesOf(first))
  })

  it('writes a graph of ONNX whose logits onnxruntime computes to 1e-4', async ({ skip }) => {
    const missing = await onnxIsMissing()
    skip(missing !== undefined, missing)
    const onnx = join(folder, 'onnx')
    const { exitCode, stdout } = await runExport(join(folder, 'lora'), '--onnx', onnx)
    expect(exitCode).toBe(0)
    expect(stdout).toMatch(/its logits are those of torch to 0\.0000\d/)
    const [found] = await runPrinted(stdout, onnx)
    // The image itself stands for a noisy one: the graph scales and denoises it.
    expect(difference(found?.logits ?? [], logits.noisy)).toBeLessThan(1e-4)
    expect((await readdir(onnx)).sort()).toEqual(['README.md', 'model.onnx'])
  })

  it('says which command installs what --onnx needs', async ({ skip }) => {
    skip((await onnxIsMissing()) === undefined, 'onnx is installed')
    const { exitCode, stderr } = await runExport(join(folder, 'lora'), '--onnx', join(folder, 'no-onnx'))
    expect(exitCode).toBe(1)
    expect(stderr).toMatch(/`export --onnx` needs onnx, .*Run `npx ft-cadis setup --with onnx/)
    expect(await readdir(folder)).not.toContain('no-onnx')
  })

  describe('refuses, and changes nothing:', () => {
    it.each([
      ['nothing to write', ['lora'], 2, /give --merge, --adapter or --onnx/],
      [
        'adapters of a whole network',
        ['full', '--adapter', 'x'],
        1,
        /has no adapters: the whole network was trained/,
      ],
      ['a folder that is missing', ['nowhere', '--merge', 'x'], 1, /The folder .*nowhere does not exist/],
      [
        'a folder that is not a run',
        ['.', '--merge', 'x'],
        1,
        / is neither a run nor a checkpoint of one: .*config\.json does not exist/,
      ],
      ['a run without checkpoints', ['begun', '--merge', 'x'], 1, /has left no checkpoint\. Let it train/],
      [
        'a folder that is not empty',
        ['lora', '--merge', '{}/photos'],
        1,
        /--merge .*photos is a folder that is not empty/,
      ],
      [
        'a file',
        ['lora', '--merge', '{}/photos/cat.jpg'],
        1,
        /--merge .* is there already and is not a folder/,
      ],
      ['a link', ['lora', '--merge', '{}/link'], 1, /--merge .* is there already and is not a folder/],
      [
        'a path below a file',
        ['lora', '--merge', '{}/photos/cat.jpg/x'],
        1,
        /--merge .* cannot be written: ENOTDIR/,
      ],
      ['a read-only place', ['lora', '--merge', '/proc/x/y'], 1, /--merge \/proc\/x\/y cannot be written/],
      [
        'one folder for two',
        ['lora', '--merge', '{}/two', '--adapter', '{}/two/in'],
        1,
        /--merge and --adapter both write to/,
      ],
      [
        'a denoiser that was trained',
        ['denoiser', '--merge', '{}/x'],
        1,
        /a denoiser was\. Use it as it is: set smoothing\.denoiser\.path to .*step-000004.denoiser/,
      ],
      ['an ensemble', ['members-of', '--merge', '{}/x'], 1, /is an ensemble of 2 classifiers, expected one/],
    ])('%s', async (_title, [name = '', ...options], code, message) => {
      await prepare()
      const words = options.map(word => word.replace('{}', folder))
      const { exitCode, stdout, stderr } = await runExport(join(folder, name), ...words)
      expect(stderr).toMatch(message)
      expect({ exitCode, stdout }).toEqual({ exitCode: code, stdout: '' })
      expect(await readFile(join(folder, 'photos', 'cat.jpg'), 'utf8')).toBe('cat')
    })

    /** Folders that stand in the way, and runs that cannot be exported. */
    async function prepare(): Promise<void> {
      if ((await readdir(folder)).includes('photos')) return
      await mkdir(join(folder, 'photos'))
      await writeFile(join(folder, 'photos', 'cat.jpg'), 'cat')
      await symlink(join(folder, 'photos'), join(folder, 'link'))
      await mkdir(join(folder, 'begun', 'checkpoints'), { recursive: true })
      await cp(join(folder, 'lora', 'config.json'), join(folder, 'begun', 'config.json'))
      for (const member of ['0', '1']) {
        await cp(join(folder, 'lora'), join(folder, 'members-of', 'members', member), { recursive: true })
        const state = join(folder, 'members-of', 'members', member, 'state.json')
        const content = JSON.parse(await readFile(state, 'utf8'))
        await writeFile(state, JSON.stringify({ ...content, planned: content.step }))
      }
    }
  })
})
