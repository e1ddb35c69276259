import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { PACKAGE_FOLDER } from '../../files/package-folder'
import type { ServiceApp } from '../context'

/** Content policy of the page: it loads from and sends to this service only. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; media-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

const FILES = {
  '/': ['index.html', 'text/html; charset=utf-8'],
  '/page.js': ['page.js', 'text/javascript; charset=utf-8'],
  '/style.css': ['style.css', 'text/css; charset=utf-8'],
} as const

/** Adds the web page. Its files have fixed names, so none comes from a request. */
export function addPageRoutes(app: ServiceApp): void {
  for (const [url, [name, type]] of Object.entries(FILES)) {
    const content = readFileSync(join(PACKAGE_FOLDER, 'assets', 'service', name))
    app.get(url, { schema: { hide: true } }, async (_request, reply) =>
      reply
        .headers({
          'content-security-policy': POLICY,
          'x-content-type-options': 'nosniff',
          'referrer-policy': 'no-referrer',
          'cache-control': 'no-cache',
        })
        .type(type)
        .send(content),
    )
  }
}
