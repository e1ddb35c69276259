import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { cp, rm, writeFile } from 'node:fs/promises'
import { request as send } from 'node:http'
import { connect as openConnection } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { CertificationRunConfigInput, LoadedSmoothed } from '../../src'
import type { SmoothedAnswer } from '../../src/certification/prediction/smoothed-answer'
import { PACKAGE_FOLDER } from '../../src/files/package-folder'
import { createApp } from '../../src/service/app'
import type { RequestLine } from '../../src/service/context'
import { DEFAULT_LIMITS } from '../../src/service/limits'
import type { ServeOptions, Service } from '../../src/service/serve'
import { CLASSIFIER } from '../support/digits'
import { useForkedPython, withWholePython } from '../support/forked-python'
import { TYPESCRIPT } from '../support/typescript'
import { ask, digitImages, digitsService, SETTINGS, temporaryFolder } from './digits-service'

useForkedPython()

/** What networks answer where it does not matter. */
const ANSWER: SmoothedAnswer = {
  ...{ verdict: 'certified', prediction: 0, className: 'cat', radius: 0.5, atRadius: null, lowerBound: 0.9 },
  ...{ pValue: 0.001, topClass: 0, topCount: 10, runnerUp: 0, runnerUpCount: 0, votes: [10] },
  ...{ n: 10, copies: 20, alpha: 0.001, seed: 1 },
}

let images: readonly Buffer[]
let first: Buffer
beforeAll(async () => {
  images = await digitImages(32)
  ;[first = Buffer.alloc(0)] = images
})

/** Waits until something is so. */
async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 600; tries += 1) {
    if (await isSo()) return
    await wait(50)
  }
  throw new Error('It has not come about within 30 s.')
}

/** The answer to a request whose headers or path `fetch` would not send as they are. */
function answerTo(
  port: string,
  { path = '/about', headers = {} }: { readonly path?: string; readonly headers?: Record<string, string> },
): Promise<{ readonly status: number | undefined; readonly body: string }> {
  return new Promise((resolve, reject) => {
    send({ host: '127.0.0.1', port, path, headers }, answer => {
      text(answer).then(body => resolve({ status: answer.statusCode, body }), reject)
    })
      .on('error', reject)
      .end()
  })
}

const statusWith = async (port: string, headers: Record<string, string>) =>
  (await answerTo(port, { headers })).status

/** The JSON lines of an answer. */
async function linesOf(answer: Response): Promise<readonly Record<string, unknown>[]> {
  return (await answer.text())
    .trim()
    .split('\n')
    .map(line => JSON.parse(line))
}

describe('a service', () => {
  let service: Service
  let lines: RequestLine[]
  let errors: unknown[]
  beforeAll(async () => {
    ;({ service, lines, errors } = await digitsService({ allowsSeed: true }))
  })
  // The last test closes it, which is safe to do twice.
  afterAll(() => service.close())

  const waiting = async () => {
    const text = await (await fetch(`${service.url}/metrics`)).text()
    return Number(/^ft_cadis_waiting (\d+)$/m.exec(text)?.[1])
  }

  it('answers what the library says of the image with this seed', async () => {
    const { status, body } = await ask(service.url, first)
    expect(status).toBe(200)
    expect(body).toMatchObject({
      verdict: 'certified',
      class: 6,
      className: '6',
      n: 100,
      alpha: 0.001,
      sigma: 0.25,
    })
    expect(body).toMatchObject({
      seedIsGiven: false,
      pythonRestarted: false,
      digest: expect.stringMatching(/^\w{64}$/),
    })
    const again = await ask(service.url, first, { query: `?seed=${body.seed}` })
    expect(again.body).toEqual({ ...body, seedIsGiven: true })
    const other = await ask(service.url, first)
    expect(other.body.seed).not.toBe(body.seed)
    // The largest that is drawn.
    const largest = await ask(service.url, first, { query: `?seed=${2 ** 48 - 1}` })
    expect(largest).toMatchObject({ status: 200, body: { seed: 2 ** 48 - 1, verdict: 'certified' } })
  })

  it('answers one radius as soon as it is decided', async () => {
    const { body } = await ask(service.url, first, { query: '?radius=0.1&n=10000' })
    expect(body).toMatchObject({
      verdict: 'certified',
      radius: 0.1,
      atRadius: 'certified',
      copies: 120,
      pValue: null,
    })
  })

  it('marks every line before the one radius is decided as preliminary, and the answer is the last', async () => {
    const answer = await fetch(`${service.url}/predict?radius=0.5&n=2000`, {
      ...{ method: 'POST', body: new Uint8Array(first) },
      headers: { 'content-type': 'image/png', accept: 'application/x-ndjson' },
    })
    const found = await linesOf(answer)
    expect(found.at(-1)).toMatchObject({ kind: 'answer', atRadius: expect.any(String) })
    for (const line of found.slice(0, -1)) {
      expect(line).toMatchObject({ kind: 'partial', preliminary: true })
      expect(line).not.toHaveProperty('verdict')
      expect(line).not.toHaveProperty('atRadius')
    }
  })

  it('takes a form, with options as fields', async () => {
    const form = new FormData()
    form.set('n', '40')
    form.set('image', new Blob([new Uint8Array(first)]), 'a.png')
    const answer = await fetch(`${service.url}/predict`, { method: 'POST', body: form })
    expect([answer.status, await answer.json()]).toMatchObject([200, { n: 40, class: 6 }])
    const twice = await fetch(`${service.url}/predict?n=50`, { method: 'POST', body: form })
    expect([twice.status, await twice.json()]).toMatchObject([
      422,
      { message: 'The option "n" is given twice.' },
    ])
  })

  it('sends lines of preliminary votes, and a certificate at the end alone', async () => {
    const answer = await fetch(`${service.url}/predict?n=3000`, {
      method: 'POST',
      body: new Uint8Array(first),
      headers: { 'content-type': 'image/png', accept: 'application/x-ndjson' },
    })
    expect(answer.headers.get('content-type')).toContain('application/x-ndjson')
    const found = await linesOf(answer)
    const partial = found.slice(0, -1)
    expect(partial.length).toBeGreaterThan(1)
    for (const line of partial) {
      expect(line).toMatchObject({ kind: 'partial', preliminary: true, topClass: 6, of: 3020 })
      expect(line).not.toHaveProperty('verdict')
    }
    const copies = partial.map(line => Number(line.copies))
    expect(copies).toEqual([...copies].sort((a, b) => a - b))
    expect(found.at(-1)).toMatchObject({ kind: 'answer', verdict: 'certified', n: 3000 })
  })

  it('answers 32 clients at a time, each as if it were alone', async () => {
    const query = '?seed=5&n=40'
    const alone = []
    for (const image of images) alone.push((await ask(service.url, image, { query })).body)
    const together = await Promise.all(images.map(image => ask(service.url, image, { query })))
    expect(together.map(({ body }) => body)).toEqual(alone)
    expect(new Set(alone.map(({ class: label }) => label)).size).toBe(10)
  })

  it('stops the work for clients that have gone', async () => {
    const timeOfOne = async () => {
      const begunMs = performance.now()
      expect((await ask(service.url, first, { query: '?n=1000' })).status).toBe(200)
      return performance.now() - begunMs
    }
    const aloneMs = await timeOfOne()
    const before = lines.length
    const stops = Array.from({ length: 8 }, () => new AbortController())
    const gone = stops.map(stop =>
      fetch(`${service.url}/predict?n=100000`, {
        ...{ method: 'POST', body: new Uint8Array(first), signal: stop.signal },
        headers: { 'content-type': 'image/png' },
      }).then(
        () => 'answered',
        () => 'gone',
      ),
    )
    await until(async () => (await waiting()) === 8)
    for (const stop of stops) stop.abort()
    expect(new Set(await Promise.all(gone))).toEqual(new Set(['gone']))
    await until(async () => (await waiting()) === 0)
    // Nine at work would have a ninth of the passes each. Other work on the machine may slow down one of three requests, or two.
    const timesMs = [await timeOfOne(), await timeOfOne(), await timeOfOne()]
    expect(Math.min(...timesMs)).toBeLessThan(5 * aloneMs)
    expect(lines.slice(before).filter(({ status }) => status === 499)).toHaveLength(8)
    expect(errors).toEqual([])
  })

  it.each([
    [
      'what curl sends by default',
      { type: 'application/x-www-form-urlencoded', body: 'x' },
      415,
      /^The body has Content-Type "application\/x-www-form-urlencoded", expected image\/jpeg, .*, application\/octet-stream, or multipart\/form-data with one file\.$/,
    ],
    ['no type', { type: '', body: 'x' }, 415, /^The body has no Content-Type, expected image\/jpeg, /],
    ['no body', { type: 'image/png', body: '' }, 422, /The request has no image/],
    ['other bytes', { type: 'image/png', body: '%PDF-1.7' }, 415, /No image format/],
    [
      'an SVG',
      { type: 'image/svg+xml', body: '<svg xmlns="http://www.w3.org/2000/svg"/>' },
      415,
      /No image format/,
    ],
    ['half an image', { type: 'image/png', body: 'half' }, 422, /cannot be used/],
    ['too many bytes', { type: 'image/png', body: 'large' }, 413, /more than 10 MB/],
    [
      'too many pixels',
      { type: 'image/bmp', body: 'bomb' },
      413,
      /36 megapixels, and at most 25 are decoded\.$/,
    ],
  ])('refuses %s, with what to change', async (_what, { type, body }, status, message) => {
    const content: Record<string, Buffer> = {
      half: first.subarray(0, first.length / 2),
      large: Buffer.alloc(10_000_001),
      bomb: bmpHeader(6000, 6000),
    }
    const answer = await fetch(`${service.url}/predict`, {
      method: 'POST',
      body: new Uint8Array(content[body] ?? Buffer.from(body)),
      headers: type === '' ? {} : { 'content-type': type },
    })
    const said = (await answer.json()) as { message: string; remedy: string }
    expect([answer.status, said.message]).toEqual([status, expect.stringMatching(message)])
    expect(said.remedy).toMatch(/^(Send|Give|Restore)/)
  })

  it.each([
    ['n=0', /option n: /],
    ['n=100001', /option n: .*100000/],
    ['n=1.5', /option n: /],
    ['n=9', /n = 9 votes certify nothing/],
    ['alpha=0', /option alpha: /],
    ['alpha=x', /option alpha: /],
    ['radius=-1', /option radius: /],
    ['radius=5', /cannot certify radius 5/],
    ['path=/etc/passwd', /The options: .*path/],
  ])('refuses ?%s', async (query, message) => {
    const { status, body } = await ask(service.url, first, { query: `?${query}` })
    expect([status, body]).toEqual([
      422,
      { kind: 'error', status: 422, message: expect.stringMatching(message), remedy: expect.any(String) },
    ])
  })

  it('refuses other names of itself, and pages of others', async () => {
    const { port } = new URL(service.url)
    expect(await statusWith(port, {})).toBe(200)
    expect(await statusWith(port, { host: `localhost:${port}` })).toBe(200)
    expect(await statusWith(port, { host: `rebound.example:${port}` })).toBe(403)
    expect(await statusWith(port, { origin: service.url })).toBe(200)
    expect(await statusWith(port, { origin: 'https://other.example' })).toBe(403)
    expect(await statusWith(port, { origin: 'null' })).toBe(403)
  })

  it('takes no path from the network', async () => {
    const { port } = new URL(service.url)
    for (const folder of ['/', '/page.js/', '/docs/', '/docs/static/']) {
      for (const up of ['../', '%2e%2e/', '..%2f', '%2e%2e%2f']) {
        for (let times = 0; times <= 6; times += 1) {
          const path = `${folder}${up.repeat(times)}package.json`
          const { status, body } = await answerTo(port, { path })
          expect(body, path).not.toContain('"dependencies"')
          expect(status, path).toBeGreaterThanOrEqual(400)
        }
      }
    }
  })

  it('tells its health, its readiness and its figures', async () => {
    const [health, ready, metrics, docs] = await Promise.all(
      ['health', 'ready', 'metrics', 'docs/json'].map(async path => {
        const answer = await fetch(`${service.url}/${path}`)
        return [answer.status, await answer.text()] as const
      }),
    )
    expect([health, ready]).toEqual([
      [200, '{"status":"alive"}'],
      [200, '{"status":"ready"}'],
    ])
    expect(metrics?.[1]).toMatch(/ft_cadis_predictions_total{verdict="certified"} [1-9]/)
    expect(docs?.[1]).toContain('"/predict"')
  })

  it('writes one line a request, without the image', async () => {
    const before = lines.length
    await ask(service.url, first, { query: '?n=40' })
    await until(() => lines.length > before)
    expect(lines.slice(before)).toEqual([
      expect.objectContaining({
        ...{ method: 'POST', route: '/predict', status: 200, bytes: first.length, n: 40 },
        ...{ verdict: 'certified', copies: 60, seed: expect.any(Number), address: '127.0.0.1' },
      }),
    ])
    expect(JSON.stringify(lines)).not.toContain(first.toString('base64').slice(0, 20))
    expect(JSON.stringify(lines)).not.toContain('PDF')
  })

  it('is asked by the examples in TypeScript and Python', async () => {
    const folder = await temporaryFolder()
    const file = join(folder, 'photo.png')
    await writeFile(file, first)
    const examples = join(PACKAGE_FOLDER, 'examples', 'service')
    const commands = [
      [process.execPath, ...TYPESCRIPT, join(examples, 'client.ts')],
      [process.env.PYTHON_BIN ?? 'python3', join(examples, 'client.py')],
    ]
    const said = await Promise.all(
      commands.map(async ([command = '', ...args]) => {
        const child = spawn(command, [...args, file, service.url], { cwd: PACKAGE_FOLDER })
        let text = ''
        for (const stream of [child.stdout, child.stderr]) stream.on('data', more => (text += more))
        await new Promise(resolve => child.on('close', resolve))
        return text
      }),
    )
    for (const text of said) expect(text).toMatch(/^certified 6 0\.\d+\n$/)
    await rm(folder, { recursive: true })
  })

  it('answers what it has accepted before it stops', async () => {
    const answers = images.slice(0, 4).map(image => ask(service.url, image, { query: '?n=1000' }))
    const silent = openConnection(Number(new URL(service.url).port), '127.0.0.1')
    await once(silent, 'connect')
    await wait(300)
    const begunMs = performance.now()
    await service.close()
    // A connection without a request is not waited for until requests have to have arrived, in 30 s.
    expect(performance.now() - begunMs).toBeLessThan(25_000)
    for (const { status, body } of await Promise.all(answers)) {
      expect([status, body]).toMatchObject([200, { n: 1000 }])
    }
    await expect(fetch(`${service.url}/health`)).rejects.toThrow()
  })
})

describe('a service with narrow limits', () => {
  let service: Service
  beforeAll(async () => {
    ;({ service } = await digitsService({ limits: { waiting: 2, seconds: 1 } }))
  })
  afterAll(() => service.close())

  it('refuses requests while too many wait, and seeds unless they are allowed', async () => {
    const { url } = service
    const seeded = await ask(url, first, { query: '?seed=1' })
    expect([seeded.status, seeded.body.message]).toEqual([422, expect.stringContaining('seed')])
    const answers = await Promise.all(
      Array.from({ length: 6 }, () => ask(url, first, { query: '?n=100000' })),
    )
    const refused = answers.filter(({ status }) => status === 429)
    expect(refused).toHaveLength(4)
    expect(refused[0]?.body).toMatchObject({
      message: '2 requests wait already.',
      remedy: expect.stringContaining('Try again'),
    })
    // The others have taken too long.
    const late = answers.filter(({ status }) => status === 503)
    expect(late).toHaveLength(2)
    expect(late[0]?.body).toMatchObject({
      message: expect.stringContaining('more than 1 s'),
      remedy: expect.stringContaining('fewer copies'),
    })
    expect((await ask(url, first)).status).toBe(200)
  })

  it('answers too late what waits for Python to start again', async () => {
    // A fork would be there in time.
    await withWholePython(async () => {
      process.kill(service.pid, 'SIGKILL')
      const picture = fetch(`${service.url}/pictures`, {
        ...{ method: 'POST', body: new Uint8Array(first), headers: { 'content-type': 'image/png' } },
      })
      for (const answer of [await picture, await fetch(`${service.url}/ready`)])
        expect(answer.status).toBe(503)
      await until(async () => (await fetch(`${service.url}/ready`)).status === 200)
    })
    expect((await ask(service.url, first, { query: '?n=40' })).status).toBe(200)
  }, 120_000)
})

describe('a service whose Python ends', () => {
  let service: Service
  const restarts: Error[] = []
  beforeAll(async () => {
    ;({ service } = await digitsService({ onRestart: error => restarts.push(error) }))
  })
  afterAll(() => service.close())

  it('starts Python again where it ends, asks once more, and says so', async () => {
    const { pid } = service
    const answers = images.slice(0, 4).map(image => ask(service.url, image, { query: '?n=2000' }))
    await wait(500)
    process.kill(pid, 'SIGKILL')
    for (const { status, body } of await Promise.all(answers)) {
      expect([status, body]).toMatchObject([200, { pythonRestarted: true, n: 2000 }])
    }
    expect(restarts).toHaveLength(1)
    expect(service.pid).not.toBe(pid)
    expect((await ask(service.url, first)).body).toMatchObject({ pythonRestarted: false })
  }, 120_000)

  it('starts it again while nothing is asked, and readiness says so', async () => {
    const second = service.pid
    process.kill(second, 'SIGKILL')
    const ready = async () => (await fetch(`${service.url}/ready`)).status
    await until(async () => (await ready()) === 503)
    await until(async () => (await ready()) === 200)
    expect(restarts).toHaveLength(2)
    expect(service.pid).not.toBe(second)
    expect(await (await fetch(`${service.url}/metrics`)).text()).toContain('ft_cadis_python_restarts_total 2')
    expect((await ask(service.url, first)).body).toMatchObject({ pythonRestarted: false, class: 6 })
  }, 120_000)

  it('has failed where it ends twice while nothing is asked', async () => {
    const before = service.pid
    process.kill(before, 'SIGKILL')
    await until(() => service.pid !== before)
    process.kill(service.pid, 'SIGKILL')
    await expect(service.failed).rejects.toThrow('on signal SIGKILL')
    expect((await fetch(`${service.url}/ready`)).status).toBe(503)
  }, 120_000)
})

describe('a service whose networks fail', () => {
  let service: Service | undefined
  afterEach(async () => {
    await service?.close()
    service = undefined
  })
  const started = async (options: ServeOptions, source?: CertificationRunConfigInput) => {
    const all = await digitsService(options, source)
    service = all.service
    return all
  }

  it('has failed where Python ends twice without an answer in between', async () => {
    const { service: own, errors } = await started({})
    process.kill(own.pid, 'SIGKILL')
    const before = own.pid
    const answer = ask(own.url, first, { query: '?n=100000' })
    await until(() => own.pid !== before)
    await wait(300)
    process.kill(own.pid, 'SIGKILL')
    const { status, body } = await answer
    expect([status, body]).toMatchObject([503, { message: expect.stringContaining('ended twice') }])
    await expect(own.failed).rejects.toThrow('on signal SIGKILL')
    expect((await fetch(`${own.url}/ready`)).status).toBe(503)
    expect((await ask(own.url, first)).status).toBe(503)
    expect(errors.length).toBeGreaterThan(0)
  }, 120_000)

  it('says nothing of this machine where the networks cannot be loaded again', async () => {
    const folder = await temporaryFolder()
    const classifier = join(folder, 'classifier')
    await cp(CLASSIFIER, classifier, { recursive: true })
    const source = { ...SETTINGS, classifier: { source: 'timm' as const, path: classifier } }
    const { service: own } = await started({}, source)
    await rm(folder, { recursive: true })
    process.kill(own.pid, 'SIGKILL')
    for (let turn = 0; turn < 2; turn += 1) {
      const { status, body } = await ask(own.url, first)
      expect([status, body]).toMatchObject([503, { message: expect.stringContaining('networks are gone') }])
      expect(JSON.stringify(body)).not.toContain(folder)
    }
    await expect(own.failed).rejects.toThrow(folder)
  }, 120_000)
})

describe('access to a service', () => {
  const apps: { close(): Promise<unknown> }[] = []
  afterEach(async () => {
    await Promise.all(apps.splice(0).map(app => app.close()))
  })

  /** The web application, in front of networks that answer at once. */
  async function listening({
    token,
    allowedHosts = [],
    limits = {},
  }: Pick<ServeOptions, 'token' | 'allowedHosts' | 'limits'>) {
    const predict = async () => ANSWER
    const smoothed = {
      ...{ predict, classes: ['cat'], sigma: 0.25, digest: 'd' },
      config: { certification: { n: 10, alpha: 0.001 } },
    } as unknown as LoadedSmoothed
    const { app } = await createApp({
      predictor: {
        ...{ state: 'ready', smoothed },
        ask: async question => ({ result: await question(smoothed), restarted: false }),
      },
      access: { host: '127.0.0.1', allowedHosts, token },
      ...{ limits: { ...DEFAULT_LIMITS, ...limits }, allowsSeed: false },
    })
    apps.push(app)
    return { url: await app.listen({ host: '127.0.0.1', port: 0 }) }
  }

  it('takes limits in parts of a megabyte, and names as people write them', async () => {
    const { url } = await listening({
      ...{ limits: { megabytes: (first.length + 0.5) / 1e6 }, allowedHosts: ['GPU-Box.example:8571'] },
    })
    const { port } = new URL(url)
    expect((await ask(url, first)).status).toBe(200)
    expect((await ask(url, Buffer.concat([first, Buffer.alloc(2)]))).status).toBe(413)
    expect(await statusWith(port, { host: 'gpu-box.example' })).toBe(200)
    expect(await statusWith(port, { host: 'gpu-box.example:443' })).toBe(200)
    expect(await statusWith(port, { host: 'box.example' })).toBe(403)
  })

  it('asks for the token where it has one', async () => {
    const token = 'a token of many characters'
    const { url } = await listening({ token })
    expect((await ask(url, first)).status).toBe(401)
    expect(
      (await ask(url, first, { headers: { authorization: 'Bearer a token of other characters' } })).status,
    ).toBe(401)
    expect((await ask(url, first, { headers: { authorization: `Bearer ${token}` } })).status).toBe(200)
    expect((await fetch(`${url}/metrics`)).status).toBe(401)
    expect((await fetch(`${url}/about`)).status).toBe(200)
  })

  it('listens on other addresses with a token alone', async () => {
    await expect(digitsService({ host: '0.0.0.0' })).rejects.toThrow('can be reached from other machines')
    await expect(digitsService({ host: '0.0.0.0', token: 'short' })).rejects.toThrow(
      '5 characters, expected 16',
    )
  })
})

it('has the work for a client that has gone stop', async () => {
  const reasons: string[] = []
  let asked = 0
  const predict = (_image: unknown, { signal }: { readonly signal: AbortSignal }) => {
    asked += 1
    return new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => {
        reasons.push(signal.reason.message)
        reject(signal.reason)
      })
    })
  }
  const smoothed = { predict, config: { certification: { n: 10 } } } as unknown as LoadedSmoothed
  const { app } = await createApp({
    predictor: {
      ...{ state: 'ready', smoothed },
      ask: async question => ({ result: await question(smoothed), restarted: false }),
    },
    access: { host: '127.0.0.1', allowedHosts: [], token: undefined },
    ...{ limits: DEFAULT_LIMITS, allowsSeed: false },
  })
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  const stop = new AbortController()
  const gone = fetch(`${url}/predict`, {
    ...{ method: 'POST', body: new Uint8Array(first), signal: stop.signal },
    headers: { 'content-type': 'image/png' },
  }).catch(() => 'gone')
  await until(() => asked === 1)
  stop.abort()
  await until(() => reasons.length === 1)
  expect([await gone, reasons]).toEqual(['gone', ['The client has gone.']])
  await app.close()
})

it('the page has no file but those that are served', () => {
  expect(readdirSync(join(PACKAGE_FOLDER, 'assets', 'service')).sort()).toEqual([
    'index.html',
    'page.js',
    'style.css',
  ])
})

/** The header of a BMP file of that many pixels, without any. */
function bmpHeader(width: number, height: number): Buffer {
  const header = Buffer.alloc(54)
  header.write('BM')
  header.writeUInt32LE(54, 10)
  header.writeUInt32LE(40, 14)
  header.writeInt32LE(width, 18)
  header.writeInt32LE(height, 22)
  header.writeUInt16LE(1, 26)
  header.writeUInt16LE(24, 28)
  return header
}
