import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface WeightsServer extends AsyncDisposable {
  readonly url: string
  /** Method, path and range of each request so far. */
  readonly requests: readonly { readonly method: string; readonly path: string; readonly range?: string }[]
}

interface ServedFiles {
  /** By path. */
  readonly files?: Readonly<Record<string, Buffer>>
  /** Models as a hub has them, by id: their files by name. */
  readonly models?: Readonly<Record<string, Readonly<Record<string, Buffer>>>>
  /** Breaks the connection after this many bytes of each answer. */
  readonly breaksAfter?: number
  /** Sends nothing more after this many bytes of each answer, and keeps the connection. */
  readonly stallsAfter?: number
  /** Answers every request so. */
  readonly status?: number
}

const COMMIT = '0123456789abcdef0123456789abcdef01234567'

/** An HTTP server on the loopback that serves files with ranges, and models as the Hugging Face hub does. */
export async function serveWeights({
  files = {},
  models = {},
  breaksAfter,
  stallsAfter,
  status,
}: ServedFiles): Promise<WeightsServer> {
  const requests: { method: string; path: string; range?: string }[] = []
  const paths = new Map(Object.entries(files))
  for (const [id, content] of Object.entries(models)) {
    for (const [name, bytes] of Object.entries(content)) paths.set(`/${id}/resolve/${COMMIT}/${name}`, bytes)
  }
  const server = createServer((request, response) => {
    const path = decodeURIComponent((request.url ?? '').split('?')[0] ?? '')
    const { range } = request.headers
    requests.push({ method: request.method ?? '', path, ...(range !== undefined && { range }) })
    if (status !== undefined) return void response.writeHead(status).end()
    const id = /^\/api\/models\/([^/]+\/[^/]+)/.exec(path)?.[1]
    const model = id === undefined ? undefined : models[id]
    if (model !== undefined) return answerModel(response, { id: id ?? '', model, path })
    const bytes = paths.get(path)
    if (bytes === undefined) return void response.writeHead(404).end()
    answerFile(request, response, { bytes, breaksAfter, stallsAfter })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
}

function answerModel(
  response: ServerResponse,
  {
    id,
    model,
    path,
  }: { readonly id: string; readonly model: Readonly<Record<string, Buffer>>; readonly path: string },
): void {
  const answer = path.includes('/tree/')
    ? Object.entries(model).map(([name, bytes]) => ({
        type: 'file',
        path: name,
        oid: hashOf(bytes),
        size: bytes.length,
      }))
    : { id, sha: COMMIT, siblings: Object.keys(model).map(rfilename => ({ rfilename })) }
  response.writeHead(200, { 'content-type': 'application/json', 'x-repo-commit': COMMIT })
  response.end(JSON.stringify(answer))
}

function answerFile(
  request: IncomingMessage,
  response: ServerResponse,
  {
    bytes,
    breaksAfter,
    stallsAfter,
  }: { readonly bytes: Buffer } & Record<'breaksAfter' | 'stallsAfter', number | undefined>,
): void {
  const begin = Number(/^bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0)
  const rest = bytes.subarray(begin)
  response.writeHead(begin > 0 ? 206 : 200, {
    'content-length': rest.length,
    'x-repo-commit': COMMIT,
    etag: `"${hashOf(bytes)}"`,
    ...(begin > 0 && { 'content-range': `bytes ${begin}-${bytes.length - 1}/${bytes.length}` }),
  })
  if (request.method === 'HEAD') return void response.end()
  if (stallsAfter !== undefined) return void response.write(rest.subarray(0, stallsAfter))
  if (breaksAfter === undefined || rest.length <= breaksAfter) return void response.end(rest)
  response.write(rest.subarray(0, breaksAfter), () => response.destroy())
}

function hashOf(bytes: Buffer): string {
  return createHash('sha1').update(bytes).digest('hex')
}
