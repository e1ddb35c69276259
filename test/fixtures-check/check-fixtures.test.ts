import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { connect, type Session } from '../../src/bridge'
import { checkFixtures } from '../../src/fixtures/check-fixtures'
import type { FileReport } from '../../src/fixtures/file-report'
import { withForkedPython } from '../support/forked-python'

const GOLDEN = join(__dirname, '..', 'fixtures')

let session: Session
let folder: string

beforeAll(async () => {
  session = await withForkedPython(() => connect({ device: 'cpu' }))
})
afterAll(async () => {
  await session?.close()
})
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fixtures-'))
  return () => rm(folder, { recursive: true })
})

async function check(folder: string, logs?: string): Promise<FileReport[]> {
  const reports: FileReport[] = []
  for await (const report of checkFixtures(folder, { session: async () => session, logs })) {
    if (!report.isAbsent) reports.push(report)
  }
  return reports
}

/** The report of a folder with one entry. */
async function checkAlone(logs?: string): Promise<FileReport> {
  const reports = await check(folder, logs)
  expect(reports).toHaveLength(1)
  return reports[0] as FileReport
}

type Path = readonly (string | number)[]
type Change = (value: unknown) => unknown

/**
 * Writes a golden file with one place in it changed; a change to undefined takes the place away. Of the list of cases
 * that the place is in the others are left out.
 */
async function alter(file: string, path: Path, change: Change): Promise<void> {
  const document = JSON.parse(await readFile(join(GOLDEN, file), 'utf8'))
  const parent = path.slice(0, -1).reduce((value, step) => value[step], document)
  const last = path.at(-1) as string | number
  parent[last] = change(parent[last])
  const [section, index] = path
  if (section !== undefined && index !== undefined) document[section] = [document[section][index]]
  await mkdir(dirname(join(folder, file)), { recursive: true })
  await writeFile(join(folder, file), JSON.stringify(document))
}

describe('the golden numbers', () => {
  it('agree with this project', { timeout: 300_000 }, async () => {
    const reports = await check(GOLDEN)
    expect(reports.map(({ name }) => name).sort()).toEqual((await readdir(GOLDEN)).sort())
    expect(reports.flatMap(({ name, misses }) => misses.map(miss => ({ name, ...miss })))).toEqual([])
    expect(reports.filter(({ values }) => values === 0).map(({ name }) => name)).toEqual(['curves.json'])
    expect(new Set(reports.flatMap(({ skips }) => skips.map(({ reason }) => reason)))).toEqual(
      new Set([
        'tie_sensitive: which of equal images the gradient goes to is free',
        'the file does not give the shapes of frozen tensors',
        'rounding to three digits, which may round a radius up, is not taken over',
        'no --logs given',
        'ties of votes are the first class’s, and are not drawn',
        'copies wait for a pass with those of other images',
        'follow from the classes and from who was asked',
        'the voter tells which network, not its score',
        'figures of the parts, which have their own logs',
        'of the data that the fixture makes up',
        'the norm of the paper, of which the code has the square',
        'steps of the computation, in units of the denoiser',
        'of the released rule, where it is not what is meant',
        'the released rule certifies falsely for thresholds above 1/2, and is refused',
        'no figure of this package',
        'kernels here are divided already, and steps are taken on what they were',
      ]),
    )
  })

  it('leave no tensor behind', async () => {
    await copyFile(join(GOLDEN, 'clip_grad.json'), join(folder, 'clip_grad.json'))
    const before = session.liveTensors()
    await check(folder)
    expect(session.liveTensors()).toBe(before)
  })
})

const byPart =
  (part: number): Change =>
  value =>
    (value as number) * (1 + part)
const by =
  (difference: number): Change =>
  value =>
    (value as number) + difference
const otherwise: Change = value => !value

/** One altered value of each file and kind, larger than what is allowed by as little as it takes. */
const alterations: readonly [file: string, path: Path, change: Change][] = [
  ['loss.json', ['cases', 2, 'total'], byPart(2e-10)],
  ['loss.json', ['cases', 2, 'ce', 1, 0], byPart(2e-10)],
  ['loss.json', ['cases', 2, 'confidences', 0, 0], otherwise],
  ['loss.json', ['cases', 2, 'mask_adv', 0], otherwise],
  ['loss.json', ['cases', 2, 'sort_index', 0, 0], by(1)],
  ['loss.json', ['cases', 2, 'confidences_sorted_used', 0, 0], otherwise],
  ['loss.json', ['cases', 2, 'kl_argmax', 0], by(-1)],
  ['loss.json', ['cases', 19, 'loss_madv', 0], byPart(2e-10)],
  ['loss.json', ['cases', 19, 'grad_logits0_official', 0, 0], by(1e-9)],
  ['loss.json', ['cases', 19, 'grad_logits0_detached_target', 0, 0], by(1e-9)],
  ['loss.json', ['cases', 19, 'grad_logits_adv', 0, 0], by(1e-9)],
  ['loss.json', ['cases', 31, 'grad_logits0_flow_limit', 0, 0], by(1e-6)],
  ['objective_variants.json', ['cases', 0, 'variants', 'T5b_no_mask', 'adv_term', 1], byPart(2e-10)],
  ['objective_variants.json', ['cases', 0, 'variants', 'T7a_hard_label_max', 'total'], byPart(2e-10)],
  ['objective_variants.json', ['cases', 0, 'adv_ce', 0, 1], byPart(2e-10)],
  ['pgd.json', ['cases', 2, 'eta_official', 3, 7, 2, 3, 3], by(2e-6)],
  ['pgd.json', ['cases', 2, 'eta_plain', 0, 0, 0, 0, 0], by(2e-6)],
  ['pgd.json', ['cases', 2, 'grad_norm_plain', 1, 1], by(2e-6)],
  ['pgd.json', ['cases', 13, 'eta_plain', 0, 0, 0, 0, 0], by(2e-6)],
  ['schedules.json', ['cases', 3, 'lr', 5], byPart(2e-10)],
  ['schedules.json', ['cases', 3, 'wd', 5], byPart(2e-10)],
  ['schedules.json', ['cases', 10, 'index_error_at', 0], by(-1)],
  ['schedules.json', ['cases', 3, 'steps_per_epoch', 2], by(1)],
  ['param_groups.json', ['cases', 0, 'params', 'classifier.head.weight', 'lr_scale'], byPart(2e-10)],
  ['param_groups.json', ['cases', 7, 'num_layers'], by(1)],
  ['param_groups.json', ['cases', 7, 'groups', 3, 'numel'], by(1)],
  ['timesteps.json', ['cases', 0, 'alphas_cumprod', 19], byPart(2e-9)],
  ['timesteps.json', ['cases', 1, 'rows', 2, 't_star'], by(1)],
  ['certify.json', ['cases', 30, 'pABar'], byPart(2e-10)],
  ['certify.json', ['certify_calls', 0, 'predict'], by(1)],
  ['certify.json', ['predict_calls', 3, 'p_value'], byPart(2e-10)],
  ['clip_grad.json', ['cases', 0, 'params', 0, 'grad_out', 2, 1], byPart(2e-10)],
  ['clip_grad.json', ['cases', 2, 'params', 2, 'clipped'], otherwise],
  ['denoise.json', ['cases', 4, 'pred_xstart_exact_coef', 0, 0, 1, 1], by(3e-10)],
  ['denoise.json', ['cases', 4, 'pred_xstart', 0, 0, 1, 1], by(3e-6)],
  ['imagenet_subset.json', ['cases', 0, 'indices', 999], by(1)],
  ['baseline_gaussian.json', ['cases', 0, 'grad_logits', 1, 2], by(1e-9)],
  ['baseline_gaussian.json', ['cases', 6, 'grad_weights', 'W1', 0, 0], by(1e-9)],
  ['baseline_stability.json', ['cases', 0, 'grad_logits_clean', 0, 0], by(1e-9)],
  ['baseline_stability.json', ['cases', 7, 'bn_after', 'running_mean', 1], by(1e-9)],
  ['baseline_consistency.json', ['cases', 3, 'grad_logits_detached_mean', 1, 0, 0], by(1e-9)],
  ['baseline_consistency.json', ['cases', 9, 'adversarial_steps', 1, 1, 0, 0, 0], by(2e-6)],
  ['baseline_smoothadv.json', ['cases', 6, 'delta_steps', 1, 0, 0, 0, 1], by(2e-6)],
  ['baseline_smoothadv.json', ['cases', 8, 'found', 0], otherwise],
  ['baseline_macer.json', ['cases', 5, 'used', 0], otherwise],
  ['baseline_macer.json', ['cases', 10, 'total'], by(1e-8)],
  ['baseline_smoothmix.json', ['cases', 7, 'clean_side', 0, 0, 0, 0], by(2e-6)],
  ['baseline_smoothmix.json', ['cases', 0, 'targets_mix', 0, 0], by(1e-9)],
  ['baseline_catrs.json', ['cases', 0, 'accepted', 0], by(-1)],
  ['baseline_catrs.json', ['cases', 9, 'noise_steps', 3, 3, 1, 1, 1, 2], by(2e-6)],
  ['baseline_catrs.json', ['cases', 12, 'grad_weights', 'b2', 1], by(2e-6)],
  ['drt_loss.json', ['cases', 0, 'mini_batches', 0, 'margin_gradients', 0, 0, 0], by(1e-9)],
  ['drt_loss.json', ['cases', 1, 'mini_batches', 0, 'gd'], by(1e-9)],
  ['drt_loss.json', ['cases', 2, 'mini_batches', 1, 'grads', 2, 'W', 0, 0], by(1e-8)],
  ['drt_loss.json', ['term_cases', 1, 'grad_gd_margin_gradients', 0, 0, 0], by(1e-8)],
  ['denoised_smoothing.json', ['objective_cases', 0, 'grad_denoised', 0, 0, 0, 0], by(1e-9)],
  ['denoised_smoothing.json', ['objective_cases', 2, 'targets', 0], by(1)],
  ['denoised_smoothing.json', ['rotation_cases', 1, 'per_batch', 3, 'loss'], by(1e-8)],
  ['denoised_smoothing.json', ['network_cases', 0, 'output_train', 0, 0, 0, 0], by(1e-8)],
  [
    'denoised_smoothing.json',
    ['network_cases', 2, 'running_after_one_train_pass', 'reconstructor.bn.running_var', 0],
    by(1e-8),
  ],
  ['denoised_smoothing.json', ['full_networks', 2, 'parameters'], by(1)],
  ['denoised_smoothing.json', ['full_networks', 0, 'identity_at_start'], otherwise],
  ['mdds_finetune.json', ['consistency_cases', 4, 'grad_logits', 0, 0, 0], by(1e-9)],
  ['mdds_finetune.json', ['calibration_cases', 0, 'anti_consistency', 0], by(1e-9)],
  ['aces.json', ['selector_loss_cases', 0, 'targets', 2], by(1)],
  ['score_denoise.json', ['dsm_cases', 0, 'grad_score_output', 0, 0], by(1e-9)],
  ['unet/manifest_cifar10_uncond.json', ['num_tensors'], by(1)],
]

describe('an altered number', () => {
  it.each(alterations)('in %s at %j is a miss there', async (file, path, change) => {
    await alter(file, path, change)
    const { misses } = await checkAlone()
    expect(misses.length).toBeGreaterThan(0)
    const named = file.startsWith('unet')
      ? 'number of tensors'
      : path.find((step, at) => at > 1 && typeof step === 'string')
    const place = file.startsWith('unet') ? '' : `${path[0]}[0]`
    for (const { where } of misses) expect(where).toContain(place)
    expect(misses.map(({ where }) => where).join('\n')).toContain(named)
  })

  it('that is not a number is a miss', async () => {
    await alter('schedules.json', ['cases', 0, 'lr', 4], () => 'IndexError')
    expect((await checkAlone()).misses).toEqual([
      {
        where: 'cases[0] (cifar10_sigma0.25_0.50).lr[4]',
        what: expect.stringMatching(/^expected "IndexError", got /),
      },
    ])
  })
})

describe('a damaged folder', () => {
  it('with a file that no checker knows is a miss', async () => {
    await writeFile(join(folder, 'losses.json'), '{}')
    expect((await checkAlone()).misses).toEqual([{ where: '', what: expect.stringContaining('loss.json') }])
  })

  it('with a file cut short is a miss', async () => {
    const text = await readFile(join(GOLDEN, 'certify.json'), 'utf8')
    await writeFile(join(folder, 'certify.json'), text.slice(0, -10))
    expect((await checkAlone()).misses[0]?.what).toContain('not readable as JSON')
  })

  it.each<[string, Path, string, RegExp]>([
    ['loss.json', ['cases', 3, 'kl'], 'cases[0] (mixed_B5_M2_K10_lbd2.0_ws1).kl', /expected this field/],
    ['loss.json', ['cases', 3, 'lambda'], 'cases[0] (mixed_B5_M2_K10_lbd2.0_ws1).lambda', /expected number/],
    ['pgd.json', ['cases', 1, 'W1'], 'cases[0] (M2_T1_eps0.25).W1', /expected array/],
    [
      'timesteps.json',
      ['cases', 0, 'rows', 1, 't_star'],
      'cases[0] (cifar10).rows[1].t_star',
      /expected this field/,
    ],
    ['certify.json', ['predict_calls'], 'predict_calls', /expected this field/],
  ])('with %s without %j says what is missing', async (file, path, where, what) => {
    await alter(file, path, () => undefined)
    expect((await checkAlone()).misses).toEqual([{ where, what: expect.stringMatching(what) }])
  })

  it.each<[string, Path, string]>([
    ['certify.json', ['predicted'], 'predicted'],
    ['certify.json', ['cases', 7, 'radius'], 'cases[0].radius'],
    [
      'clip_grad.json',
      ['cases', 0, 'params', 0, 'dtype'],
      'cases[0] (mixed_0.3).params[0] (blocks.0.attn.qkv.weight).dtype',
    ],
    [
      'objective_variants.json',
      ['cases', 0, 'variants', 'T9'],
      'cases[0] (mixed_B5_M4_K10_lbd1.0_ws1).variants.T9.total',
    ],
  ])('with an unknown field in %s at %j is a miss', async (file, path, where) => {
    await alter(file, path, () => ({ total: 1 }))
    expect((await checkAlone()).misses).toEqual([{ where, what: expect.stringContaining('unknown field') }])
  })

  it.each<[string, Path, unknown, RegExp]>([
    ['loss.json', ['cases', 0, 'B'], 4, /M·B = 16 rows/],
    ['loss.json', ['cases', 0, 'targets', 0], 10, /classes below K = 10/],
    ['pgd.json', ['cases', 4, 'clean', 1, 0, 0, 0], 0.123, /repeating/],
    ['clip_grad.json', ['cases', 0, 'params', 0, 'shape'], [3, 4], /expected the shape/],
  ])('with contradicting inputs in %s at %j is a miss', async (file, path, value, what) => {
    await alter(file, path, () => value)
    expect((await checkAlone()).misses[0]?.what).toMatch(what)
  })

  it('without a case is a miss', async () => {
    await alter('clip_grad.json', ['cases'], () => [])
    expect((await checkAlone()).misses).toEqual([{ where: '', what: 'no case could be read' }])
  })

  it('that is empty or no folder is an error', async () => {
    await expect(check(folder)).rejects.toThrow('is empty')
    await expect(check(join(folder, 'nowhere'))).rejects.toThrow('nowhere cannot be read')
  })

  it('with a weight file that no network names is a miss', async () => {
    const unet = join(folder, 'unet')
    await mkdir(unet)
    await copyFile(
      join(GOLDEN, 'unet', 'manifest_cifar10_uncond.json'),
      join(unet, 'manifest_cifar10_uncond.json'),
    )
    await writeFile(join(unet, 'stray.pt'), '')
    expect((await checkAlone()).misses).toEqual([{ where: 'stray.pt', what: expect.any(String) }])
  })
})

describe('curves.json', () => {
  const header =
    'idx\tlabel\tpredict\tradius\tcorrect\ttime\tcandidate\tcandidate_count\trunner_up\trunner_up_count\tn0\tn'
  const row = (index: number, predict: number, radius: number) =>
    [index, 3, predict, radius, predict === 3 ? 1 : 0, '0:00:01.000000', 3, 90, 1, 10, 10, 100].join('\t')
  const curve = {
    file: 'small.tsv',
    num_examples: 4,
    num_abstain: 1,
    num_correct: 2,
    certified_accuracy: [0.5, 0.25],
    acr: (0.25 + 0.5) / 4,
  }
  // mean - α - √(α(1-α) ln(1/ρ)/n) - ln(1/ρ)/(3n) at α = ρ = 0.001, n = 4
  const margin = 0.001 + Math.sqrt((0.001 * 0.999 * Math.log(1000)) / 4) + Math.log(1000) / 12
  const high_prob_accuracy = [0.5 - margin, 0.25 - margin]
  const write = (changed: object) =>
    writeFile(
      join(folder, 'curves.json'),
      JSON.stringify({ radii: [0, 0.5], cases: [{ ...curve, high_prob_accuracy, ...changed }] }),
    )
  let logs: string

  beforeEach(async () => {
    logs = await mkdtemp(join(tmpdir(), 'logs-'))
    const rows = [row(0, 3, 0.25), row(1, 3, 0.5), row(2, -1, 0), row(3, 4, 1)]
    // A certificate for class 4 whose candidate is class 4.
    const wrong = (rows[3] as string).replace(/\t3\t90/, '\t4\t90')
    await writeFile(join(logs, 'small.tsv'), `${[header, ...rows.slice(0, 3), wrong].join('\n')}\n`)
    return () => rm(logs, { recursive: true })
  })

  it('is compared with the logs', async () => {
    await write({})
    expect(await checkAlone(logs)).toMatchObject({ misses: [], skips: [], values: 8 })
  })

  it.each([
    { acr: curve.acr + 1e-12 },
    { num_abstain: 0 },
    { certified_accuracy: [0.5, 0.5] },
    { file: 'absent.tsv' },
  ])('with %j is a miss', async changed => {
    await write(changed)
    expect((await checkAlone(logs)).misses).toHaveLength(1)
  })

  it('is skipped without logs, which is said', async () => {
    await write({})
    const { skips, misses } = await checkAlone()
    expect(misses).toEqual([])
    expect(skips).toEqual([{ where: 'cases[0]', fields: expect.any(Array), reason: 'no --logs given' }])
  })
})
