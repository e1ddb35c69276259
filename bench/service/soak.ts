/**
 * Thousands of requests to a service of the digits, to see whether memory grows, and how long requests take.
 *
 *     node --expose-gc -r ts-node/register bench/service/soak.ts --requests 10000 --json bench/results/service-soak.json
 *
 * With --expose-gc garbage is collected before each sample, so that what remains of Node's heap is what is held on to.
 */
import { readFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { connect, DIGITS_NETWORKS, torch, toSymmetric } from '../../src'
import { parseNumber } from '../../src/cli/option-values'
import { createProgram, runMain } from '../../src/cli/program'
import { writeOutput } from '../../src/cli/write-output'
import { serve } from '../../src/service/serve'

interface Sample {
  readonly requests: number
  /** Resident megabytes. */
  readonly nodeMb: number
  /** Megabytes of JavaScript's heap and of buffers outside of it, after a collection where there is one. */
  readonly nodeHeapMb: number
  readonly pythonMb: number
}

interface SoakOptions {
  readonly requests: number
  readonly clients: number
  readonly n: number
  readonly radius?: number
  readonly batch: number
  readonly threads: number
  readonly json?: string
  readonly python?: string
}

const count = parseNumber({ min: 1, integer: true })
const IMAGES = 64
const SAMPLES = 20

async function residentMb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024
}

async function sampleOf(requests: number, pythonPid: number): Promise<Sample> {
  globalThis.gc?.()
  const { heapUsed, external } = process.memoryUsage()
  return {
    requests,
    nodeMb: await residentMb(process.pid),
    nodeHeapMb: (heapUsed + external) / 2 ** 20,
    pythonMb: await residentMb(pythonPid),
  }
}

/** The least time that this share of the requests takes no longer than. */
function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN
}

async function digits(python: string | undefined): Promise<readonly Buffer[]> {
  await using session = await connect({ device: 'cpu', threads: 1, python })
  const testSet = await torch.openDataset(session, { source: 'digits', split: 'test' })
  const indices = Array.from({ length: IMAGES }, (_, index) => index)
  const pictures = await session.compute(() =>
    torch.encodePng(torch.flatten(toSymmetric(testSet.images(indices).images_BCHW), 'B', 'N')),
  )
  return pictures.map(picture => Buffer.from(picture, 'base64'))
}

void runMain(async () => {
  const program = createProgram('soak', 'Watch memory and times over thousands of requests.')
    .option('--requests <count>', 'requests', count, 10_000)
    .option('--clients <count>', 'requests at a time', count, 8)
    .option('--n <count>', 'noisy copies of a request', count, 20)
    .option('--radius <radius>', 'decide this one radius', parseNumber({ min: 1e-6 }))
    .option('--batch <count>', 'noisy copies in a pass', count, 128)
    .option('--threads <count>', 'threads of torch', count, 1)
    .option('--json <file>', 'where the samples are written as well')
    .option('--python <path>', 'Python interpreter to use')
  const { requests, clients, n, radius, batch, threads, json, python } = program.parse().opts<SoakOptions>()
  const images = await digits(python)
  const service = await serve(
    {
      smoothing: { sigma: 0.25, denoiser: { source: 'diffusers', path: DIGITS_NETWORKS.denoiser } },
      classifier: { source: 'timm', path: DIGITS_NETWORKS.classifier },
      data: { source: 'digits' },
      certification: { n0: 20, n: 1000, batch },
      output: 'soak',
    },
    { device: 'cpu', threads, python },
  )
  const query = new URLSearchParams({ n: String(n), ...(radius !== undefined && { radius: String(radius) }) })
  const samples: Sample[] = []
  const times: number[] = []
  let sent = 0
  const client = async () => {
    while (sent < requests) {
      const image = images[sent % IMAGES] as Buffer
      sent += 1
      const begunMs = performance.now()
      const answer = await fetch(`${service.url}/predict?${query}`, {
        ...{ method: 'POST', body: new Uint8Array(image), headers: { 'content-type': 'image/png' } },
      })
      const text = await answer.text()
      if (!answer.ok) throw new Error(text)
      times.push(performance.now() - begunMs)
      if (times.length % Math.ceil(requests / SAMPLES) !== 0) continue
      const sample = await sampleOf(times.length, service.pid)
      samples.push(sample)
      console.log(JSON.stringify(sample))
    }
  }
  const begunMs = performance.now()
  await Promise.all(Array.from({ length: clients }, client))
  const seconds = (performance.now() - begunMs) / 1000
  await service.close()
  const sorted = times.sort((a, b) => a - b)
  const result = {
    ...{ requests, clients, n, radius: radius ?? null, batch, threads, cpu: cpus()[0]?.model, seconds },
    ...{ p50Ms: quantile(sorted, 0.5), p95Ms: quantile(sorted, 0.95), p99Ms: quantile(sorted, 0.99) },
    samples,
  }
  console.log(JSON.stringify({ ...result, samples: samples.length }))
  if (json !== undefined) await writeOutput(json, `${JSON.stringify(result, null, 2)}\n`)
})
