import { mkdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { cachedPath, type PublishedFile } from '../config/published-weights'
import { DataError, InterruptedError } from '../errors'
import { isFile } from '../files/exists'
import { fileHash } from '../files/hash'
import { lock } from '../files/lock'
import { readJson } from '../files/read-json'
import { writeDurably } from '../files/write'
import { type InterpreterOptions, resolveInterpreter } from './interpreter'
import { PYTHON_FOLDER } from './paths'
import { importEnvironment, SAFE_PATH } from './python-path'

export interface FetchOptions extends InterpreterOptions {
  /** Stops the download. The part already downloaded stays, and the next call resumes it. */
  readonly signal?: AbortSignal | undefined
}

/** A published file in the cache. */
export interface FetchedFile {
  readonly path: string
  readonly sha256: string
  /** Whether the hash is published; otherwise it is that of the first download. */
  readonly isPublished: boolean
  /** Whether it was already in the cache. */
  readonly wasThere: boolean
}

/** A model in the cache of the Hugging Face hub. */
export interface FetchedModel {
  readonly folder: string
  readonly commit: string
  readonly files: readonly string[]
}

/**
 * Downloads a published file into the cache, unless it is there. Resumes an interrupted download. The file gets its name
 * after its hash is verified: the published one, or else that of the first download.
 *
 * @throws DataError if the download fails or the hash differs; InterruptedError if `signal` is aborted
 */
export async function fetchFile(published: PublishedFile, options: FetchOptions = {}): Promise<FetchedFile> {
  const path = cachedPath(published)
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const held = await lock(`${path}.lock`, `download of ${published.file}`)
  try {
    const pins = await readPins(dirname(path))
    const expected = published.sha256 ?? pins[published.file]
    const wasThere = await isFile(path)
    const part = `${path}.part`
    if (!wasThere) await download(['file', published.url, part], options)
    const sha256 = await fileHash(wasThere ? path : part)
    if (expected !== undefined && sha256 !== expected) {
      await rm(part, { force: true })
      throw new DataError(
        `${wasThere ? path : published.url} has the SHA-256 ${sha256}, but ${published.sha256 === null ? 'the first download had' : 'the published file has'} ${expected}.`,
        {
          remedy: wasThere
            ? 'Delete the file and fetch it again.'
            : 'The download is deleted. Fetch it again; if that ends the same way, something between here and the publisher changes files.',
        },
      )
    }
    if (expected === undefined) {
      await writeDurably(
        pinsFile(dirname(path)),
        `${JSON.stringify({ ...pins, [published.file]: sha256 }, null, 2)}\n`,
      )
    }
    if (!wasThere) await rename(part, path)
    return { path, sha256, isPublished: published.sha256 !== null, wasThere }
  } finally {
    await held.release()
  }
}

/**
 * Downloads a model of the Hugging Face hub into the hub's cache, which resumes downloads and verifies hashes: its
 * description, and its weights in one format.
 *
 * @param id - such as `timm/vit_base_patch16_clip_384.laion2b_ft_in12k_in1k`
 * @throws DataError if the download fails; InterruptedError if `signal` is aborted
 */
export async function fetchModel(id: string, options: FetchOptions = {}): Promise<FetchedModel> {
  return fetchedModel.parse(await download(['hub', id], options))
}

const fetchedModel = z.object({ folder: z.string(), commit: z.string(), files: z.array(z.string()) })

const failure = z.object({
  error: z.string(),
  why: z.enum(['missing', 'denied', 'space', 'blocked', 'changed', 'network']),
})

const REMEDIES: Readonly<Record<z.output<typeof failure>['why'], string>> = {
  missing: 'Check the name.',
  denied:
    'If the model asks for consent, give it on its page, then set HF_TOKEN to a token of yours, and fetch it again.',
  space:
    'Make room on the disk of the cache, or set XDG_CACHE_HOME and HF_HOME to folders of a larger one. What has come is kept.',
  blocked: 'Remove what is there, then fetch it again.',
  changed: 'Fetch it again.',
  network: 'Check the network and the proxy (HTTPS_PROXY), then fetch it again: what has come is kept.',
}

/** Runs the download in Python, with progress on stderr, and returns its result. */
async function download(
  parameters: readonly [kind: 'file' | 'hub', what: string, ...others: string[]],
  { signal, ...options }: FetchOptions,
): Promise<unknown> {
  const { path: python } = await resolveInterpreter(options)
  const { execa } = await import('execa')
  const finished = await execa(python, [...SAFE_PATH, '-m', 'ftcadis_host.fetch', ...parameters], {
    // Runs in a folder of this package, because packages read settings from the working directory.
    cwd: PYTHON_FOLDER,
    env: { ...importEnvironment(), HF_HUB_OFFLINE: '0', HF_HUB_DISABLE_TELEMETRY: '1' },
    stdin: 'ignore',
    stderr: 'inherit',
    reject: false,
    ...(signal !== undefined && { cancelSignal: signal }),
  })
  const [, what] = parameters
  if (signal?.aborted || finished.signal === 'SIGINT') {
    throw new InterruptedError(String(signal?.reason ?? finished.signal), {
      what: `The download of ${what} is not complete.`,
      remedy: 'The same command continues from there.',
    })
  }
  if (finished.failed) {
    throw new DataError(`Python ended while it downloaded ${what}: ${finished.shortMessage}.`, {
      remedy: 'Run `npx ft-cadis doctor`, then fetch it again: what has come is kept.',
    })
  }
  const answer: unknown = JSON.parse(finished.stdout)
  const failed = failure.safeParse(answer)
  if (!failed.success) return answer
  throw new DataError(`${what} could not be downloaded: ${failed.data.error}`, {
    remedy: REMEDIES[failed.data.why],
  })
}

const pinned = z.record(z.string(), z.string().regex(/^[0-9a-f]{64}$/))

function pinsFile(folder: string): string {
  return join(folder, 'sha256.json')
}

/** Returns hashes of the first downloads of files without a published hash. */
async function readPins(folder: string): Promise<Readonly<Record<string, string>>> {
  return (await readJson(pinsFile(folder), { schema: pinned })) ?? {}
}
