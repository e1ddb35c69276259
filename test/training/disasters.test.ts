import { mkdtemp, readdir, rm, truncate } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import {
  CheckpointError,
  ConfigError,
  DataError,
  type EpochReport,
  type FinetuneHooks,
  finetune,
  type RunConfigInput,
  type Session,
} from '../../src'
import { readCheckpoint } from '../../src/internal'
import { connectForTest } from '../support/digits'
import { canMount, mountDisk, remountDisk, unmountDisk } from '../support/mount'
import { runSupportScript } from '../support/run-example'
import { checkpointBytes, reproducibleRows } from '../support/run-files'
import { shortRun } from '../support/short-run'

describe('a run that meets with', () => {
  let session: Session
  let folder: string
  const mounted: string[] = []

  beforeAll(async () => {
    session = await connectForTest()
    folder = await mkdtemp(join(tmpdir(), 'ft-cadis-disasters-'))
  })
  afterAll(async () => {
    await session.close()
    for (const path of mounted) unmountDisk(path)
    await rm(folder, { recursive: true })
  })

  function mount(name: string, size: string): string {
    const path = join(folder, name)
    mountDisk(path, size)
    mounted.push(path)
    return path
  }

  async function train(config: RunConfigInput, hooks: FinetuneHooks = {}) {
    const { networks, smoothing } = await finetune(session, config, { evaluationImages: 40, ...hooks })
    session.free([networks, smoothing])
  }

  it.skipIf(!canMount)('a full disk says so, keeps the last checkpoint, and continues from it', async () => {
    const disk = mount('small', '4M')
    const run = join(disk, 'run')
    const stopped = train(shortRun(run))
    await expect(stopped).rejects.toThrow(CheckpointError)
    await expect(stopped).rejects.toThrow(/step-000006 cannot be written: .*(No space left|ENOSPC)/)
    expect(await readdir(join(run, 'checkpoints'))).toEqual(['step-000003'])
    await readCheckpoint(join(run, 'checkpoints', 'step-000003'))
    remountDisk(disk, 'size=60M')
    await train(shortRun(run), { existing: 'resume' })
    const whole = join(folder, 'whole')
    await train(shortRun(whole))
    expect(await reproducibleRows(run)).toEqual(await reproducibleRows(whole))
    expect(await checkpointBytes(run, 'epoch-02')).toEqual(await checkpointBytes(whole, 'epoch-02'))
  })

  it.skipIf(!canMount)('a folder that it may not write says so before it loads anything', async () => {
    const disk = mount('sealed', '1M')
    remountDisk(disk, 'ro')
    const refused = train(shortRun(join(disk, 'run')))
    await expect(refused).rejects.toThrow(ConfigError)
    await expect(refused).rejects.toThrow(/run cannot be written: EROFS.*Choose an output folder/)
  })

  /** A run on the class folder at `path`, with the smallest networks. */
  function onFolder(path: string, name: string, onCorrupt: 'fail' | 'skip'): RunConfigInput {
    const config = shortRun(join(folder, name))
    return {
      ...config,
      data: {
        ...{ source: 'folder', path, imageSize: 8, resizeSize: 8, augment: false },
        ...{ workers: 0, onCorrupt },
      },
      classifier: {
        ...{ source: 'timm', name: 'vit_tiny_patch16_224', pretrained: false, inputRange: 'symmetric' },
        ...{
          numClasses: 2,
          modelArgs: { img_size: 8, patch_size: 4, embed_dim: 16, depth: 1, num_heads: 1 },
        },
      },
      smoothing: {
        sigma: 0.25,
        denoiser: {
          ...{ source: 'openai', preset: 'cifar10', dtype: 'float32' },
          arguments: { num_channels: 32, num_res_blocks: 1, attention_resolutions: '2', num_heads: 1 },
        },
      },
      optimisation: { ...config.optimisation, imagesPerUpdate: 4 },
    }
  }

  it('a corrupt test image says so, and the epoch before it is there', async () => {
    const data = join(folder, 'test images')
    await runSupportScript('folder_with_corrupt_image.py', data)
    const name = '001.jpg'
    await truncate(join(data, 'val', 'b', name), 60)
    const checkpoints = (run: string) => readdir(join(folder, run, 'checkpoints'))
    const hooks = { evaluationImages: undefined }
    await rm(join(data, 'train', 'b', '003.jpg'))
    const stopped = train(onFolder(data, 'corrupt', 'fail'), { ...hooks, eventFiles: false })
    await expect(stopped).rejects.toThrow(DataError)
    await expect(stopped).rejects.toThrow(new RegExp(`${name}' cannot be decoded`))
    expect(await checkpoints('corrupt')).toEqual(['step-000001'])
    const reports: EpochReport[] = []
    await train(onFolder(data, 'left out', 'skip'), {
      ...hooks,
      onEpoch: report => void reports.push(report),
    })
    expect(reports.map(({ corruptTestImages }) => corruptTestImages)).toEqual(
      [1, 2].map(() => [join(data, 'val', 'b', name)]),
    )
  })

  it('images that vanish names one of them', async () => {
    const data = join(folder, 'images')
    await runSupportScript('folder_with_corrupt_image.py', data)
    const stopped = train(onFolder(data, 'vanishing', 'skip'), {
      onUpdate: async ({ step }) => {
        if (step === 1) await rm(data, { recursive: true })
      },
    })
    await expect(stopped).rejects.toThrow(DataError)
    await expect(stopped).rejects.toThrow(new RegExp(data))
  })

  it('a clock that is set continues as if it was not', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    try {
      const run = join(folder, 'clock')
      const config = shortRun(run)
      await train(
        { ...config, checkpoints: { ...config.checkpoints, everyUpdates: 100 } },
        {
          maxHours: 1,
          onUpdate: ({ step }) => {
            vi.setSystemTime(step % 2 === 0 ? '2031-01-01' : '1999-01-01')
          },
        },
      )
      expect(await readdir(join(run, 'checkpoints'))).toEqual(['epoch-01', 'epoch-02'])
    } finally {
      vi.useRealTimers()
    }
  })
})
