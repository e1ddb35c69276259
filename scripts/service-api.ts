import openapiTS, { astToString } from 'openapi-typescript'
import { createApp } from '../src/service/app'
import { DEFAULT_LIMITS } from '../src/service/limits'

const NOTE = '// Made from the OpenAPI document of `ft-cadis serve` by `npm run docs`.\n\n'

/** The OpenAPI document of the service, as JSON, and the types of it for a client, by file. */
export async function serviceApi(): Promise<Readonly<Record<string, string>>> {
  const { app } = await createApp({
    // Nothing is asked: the document says the same of every classifier.
    predictor: {
      state: 'ready',
      get smoothed(): never {
        throw new Error('No classifier is loaded.')
      },
      ask: () => Promise.reject(new Error('No classifier is loaded.')),
    },
    access: { host: '127.0.0.1', allowedHosts: [], token: undefined },
    ...{ limits: DEFAULT_LIMITS, allowsSeed: false },
  })
  await app.ready()
  const document = `${JSON.stringify(app.swagger(), null, 2)}\n`
  await app.close()
  const types = astToString(await openapiTS(document, { alphabetize: false }))
  return { 'schema/service.openapi.json': document, 'examples/service/service-api.d.ts': `${NOTE}${types}` }
}
