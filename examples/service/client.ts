/**
 * Asks a service for the class of an image: npx ts-node client.ts photo.jpg http://127.0.0.1:8571
 *
 * `service-api.d.ts` is made from the OpenAPI document of the service.
 */
import { readFileSync } from 'node:fs'
import type { paths } from './service-api'

type Answer = paths['/predict']['post']['responses'][200]['content']['application/json']

async function main(file = 'photo.jpg', service = 'http://127.0.0.1:8571') {
  const response = await fetch(`${service}/predict?n=10000`, {
    method: 'POST',
    headers: {
      'content-type': 'application/octet-stream',
      authorization: `Bearer ${process.env.FT_CADIS_TOKEN}`,
    },
    body: readFileSync(file),
  })
  if (!response.ok) throw new Error(await response.text())
  const { verdict, className, radius } = (await response.json()) as Answer
  console.log(verdict, className, radius)
}
void main(...process.argv.slice(2))
