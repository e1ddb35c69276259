import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type CertificationRunConfigInput, torch, toSymmetric } from '../../src'
import type { RequestLine } from '../../src/service/context'
import { type ServeOptions, serve } from '../../src/service/serve'
import { CLASSIFIER, connectForTest, DENOISER } from '../support/digits'

export const SETTINGS: CertificationRunConfigInput = {
  smoothing: { sigma: 0.25, denoiser: { source: 'diffusers', path: DENOISER } },
  classifier: { source: 'timm', path: CLASSIFIER },
  data: { source: 'digits' },
  certification: { n0: 20, n: 100, batch: 64, seed: 7 },
  output: join(tmpdir(), 'ft-cadis-service'),
}

/** The first test images of the digits as PNG files. */
export async function digitImages(count: number): Promise<readonly Buffer[]> {
  await using session = await connectForTest()
  const testSet = await torch.openDataset(session, { source: 'digits', split: 'test' })
  const indices = Array.from({ length: count }, (_, index) => index)
  const pictures = await session.compute(() =>
    torch.encodePng(torch.flatten(toSymmetric(testSet.images(indices).images_BCHW), 'B', 'N')),
  )
  return pictures.map(picture => Buffer.from(picture, 'base64'))
}

/** A service of the digits that notes its log lines and errors. */
export async function digitsService(options: ServeOptions = {}, source = SETTINGS) {
  const lines: RequestLine[] = []
  const errors: unknown[] = []
  const service = await serve(source, {
    ...{ device: 'cpu', threads: 1 },
    ...{ onRequest: line => lines.push(line), onError: error => errors.push(error) },
    ...options,
  })
  return { service, lines, errors }
}

export function temporaryFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'ft-cadis-service-'))
}

/** Sends an image and reads the answer. */
export async function ask(
  url: string,
  image: Buffer,
  { query = '', headers = {} }: { readonly query?: string; readonly headers?: Record<string, string> } = {},
): Promise<{ readonly status: number; readonly body: Record<string, unknown> }> {
  const answer = await fetch(`${url}/predict${query}`, {
    method: 'POST',
    body: new Uint8Array(image),
    headers: { 'content-type': 'image/png', ...headers },
  })
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
}
