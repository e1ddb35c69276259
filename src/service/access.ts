import { createHash, timingSafeEqual } from 'node:crypto'
import { isIP } from 'node:net'
import type { FastifyRequest } from 'fastify'
import { ConfigError } from '../errors'
import { Refusal } from './refusal'

export interface AccessOptions {
  /** The address that is listened on. */
  readonly host: string
  /** Names of this machine by which clients may reach it. */
  readonly allowedHosts: readonly string[]
  /** What clients have to know. */
  readonly token: string | undefined
}

/** Characters that a token has at least. */
const LEAST_TOKEN = 16

const LOOPBACK_NAMES: readonly string[] = ['localhost', '127.0.0.1', '::1']
const EVERY_ADDRESS: readonly string[] = ['0.0.0.0', '::']

/** @throws ConfigError for an address that others reach without a token, and for a token that is easily guessed */
export function requireAccess({ host, token }: Pick<AccessOptions, 'host' | 'token'>): void {
  if (token !== undefined && token.length < LEAST_TOKEN) {
    throw new ConfigError(`The token has ${token.length} characters, expected ${LEAST_TOKEN} or more.`, {
      remedy: 'Make one, for instance by: openssl rand -hex 32.',
    })
  }
  if (token !== undefined || LOOPBACK_NAMES.includes(host)) return
  throw new ConfigError(`The address ${host} can be reached from other machines, and no token is set.`, {
    remedy: 'Set FT_CADIS_TOKEN or give --token-file, or listen on 127.0.0.1.',
  })
}

/**
 * Refuses what comes under a name that is none of this service: a page of another site that has its name lead here. A page
 * of another origin is refused too.
 *
 * @throws Refusal
 */
export function requireOwnSite({ headers }: FastifyRequest, access: AccessOptions): void {
  const host = headers.host ?? ''
  const name = nameOf(host)
  if (name === undefined || !isOwn(name, access)) {
    throw new Refusal(403, `The service is not called ${JSON.stringify(host)}.`, {
      remedy: 'Use the address that it prints at its start, or start it with --allow-host for this name.',
    })
  }
  const { origin } = headers
  if (origin === undefined || parsed(origin)?.host === parsed(`http://${host}`)?.host) return
  throw new Refusal(403, `Pages of ${JSON.stringify(origin)} may not ask this service.`, {
    remedy: 'Open its own page, or ask from a program.',
  })
}

/** @throws Refusal where the token is missing or wrong */
export function requireToken({ headers }: FastifyRequest, { token }: AccessOptions): void {
  if (token === undefined) return
  const [, given = ''] = /^Bearer (.+)$/.exec(headers.authorization ?? '') ?? []
  if (timingSafeEqual(hash(given), hash(token))) return
  throw new Refusal(401, 'The token is missing or wrong.', {
    remedy: 'Send the header "Authorization: Bearer" with the token of the service.',
  })
}

function isOwn(name: string, { host, allowedHosts }: AccessOptions): boolean {
  // As the header says them: in small letters, and maybe with a port.
  if ([host, ...allowedHosts].some(own => own === name || nameOf(own) === name)) return true
  if (LOOPBACK_NAMES.includes(host)) return LOOPBACK_NAMES.includes(name)
  // Only a name can be made to lead here by somebody else.
  return EVERY_ADDRESS.includes(host) && (isIP(name) !== 0 || name === 'localhost')
}

/** The name in a header `Host`, without the port. */
function nameOf(host: string): string | undefined {
  return parsed(`http://${host}`)?.hostname.replace(/^\[|\]$/g, '')
}

function parsed(address: string): URL | undefined {
  return URL.canParse(address) ? new URL(address) : undefined
}

function hash(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
