import { createHash, timingSafeEqual } from 'node:crypto'
import { isIP } from 'node:net'
import type { FastifyRequest } from 'fastify'
import { ConfigError } from '../errors'
import { Refusal } from './refusal'

export interface AccessOptions {
  /** The address to listen on. */
  readonly host: string
  /** Names by which clients may reach this machine. */
  readonly allowedHosts: readonly string[]
  /** The secret of clients. */
  readonly token: string | undefined
}

/** Minimum length of a token in characters. */
const LEAST_TOKEN = 16

const LOOPBACK_NAMES: readonly string[] = ['localhost', '127.0.0.1', '::1']
const EVERY_ADDRESS: readonly string[] = ['0.0.0.0', '::']

/**
 * Requires a safe combination of address and token.
 *
 * @throws ConfigError for a public address without a token, and for a token that is easily guessed
 */
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
 * Refuses requests under a name that is not of this service: a page of another site whose name resolves to this machine.
 * Also refuses pages of another origin.
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

/**
 * Requires the token.
 *
 * @throws Refusal if it is missing or wrong
 */
export function requireToken({ headers }: FastifyRequest, { token }: AccessOptions): void {
  if (token === undefined) return
  const [, given = ''] = /^Bearer (.+)$/.exec(headers.authorization ?? '') ?? []
  if (timingSafeEqual(hash(given), hash(token))) return
  throw new Refusal(401, 'The token is missing or wrong.', {
    remedy: 'Send the header "Authorization: Bearer" with the token of the service.',
  })
}

function isOwn(name: string, { host, allowedHosts }: AccessOptions): boolean {
  // As in the header: in lower case, possibly with a port.
  if ([host, ...allowedHosts].some(own => own === name || nameOf(own) === name)) return true
  if (LOOPBACK_NAMES.includes(host)) return LOOPBACK_NAMES.includes(name)
  // Others can make only names resolve to this machine, not addresses.
  return EVERY_ADDRESS.includes(host) && (isIP(name) !== 0 || name === 'localhost')
}

/** Returns the name in a header `Host`, without the port. */
function nameOf(host: string): string | undefined {
  return parsed(`http://${host}`)?.hostname.replace(/^\[|\]$/g, '')
}

function parsed(address: string): URL | undefined {
  return URL.canParse(address) ? new URL(address) : undefined
}

function hash(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
