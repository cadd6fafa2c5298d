/** Connection strings of external databases. Nothing of one is ever part of a message. */
import { AppError } from '../../errors.js'
import type { ExternalEngine } from '../../runtime/capabilities.js'

/** Where a database is and how to enter it. */
export interface ExternalTarget {
  host: string
  port: number
  user: string
  password: string
  database: string
  /** `verified`: the certificate must be good; `unverified`: encrypted, whoever answers; `off`. */
  tls: 'off' | 'unverified' | 'verified'
}

const protocols: Readonly<Record<ExternalEngine, { names: readonly string[]; port: number }>> = {
  postgres: { names: ['postgres:', 'postgresql:'], port: 5432 },
  mysql: { names: ['mysql:', 'mariadb:'], port: 3306 },
}

/** What the drivers of both families call it. Without a word, local habits decide: none. */
const tlsModes: Readonly<Record<string, ExternalTarget['tls']>> = {
  disable: 'off',
  disabled: 'off',
  false: 'off',
  '0': 'off',
  'no-verify': 'unverified',
  require: 'verified',
  required: 'verified',
  'verify-ca': 'verified',
  verify_ca: 'verified',
  'verify-full': 'verified',
  verify_identity: 'verified',
  true: 'verified',
  '1': 'verified',
}

/** The parts of `postgres://user:password@host:5432/database?sslmode=require`. Throws AppError `input` that tells nothing of it. */
export function parseConnectionString(engine: ExternalEngine, text: string): ExternalTarget {
  const { names, port } = protocols[engine]
  if (!URL.canParse(text)) throw refuse('It is not a URL.')
  const url = new URL(text)
  if (!names.includes(url.protocol)) throw refuse(`It must start with ${names[0] ?? ''}//.`)
  const host = decode(url.hostname)
  if (host === '' || host.includes('/')) throw refuse('It names no host.')
  if (url.username === '') throw refuse('It names no user.')
  return {
    host: host.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? port : Number(url.port),
    user: decode(url.username),
    password: decode(url.password),
    database: decode(url.pathname.replace(/^\//, '')),
    tls: tlsOf(url.searchParams),
  }
}

function tlsOf(parameters: URLSearchParams): ExternalTarget['tls'] {
  const written = ['sslmode', 'ssl-mode', 'ssl', 'tls'].map((name) => parameters.get(name)).find((value) => value !== null)
  if (written === undefined || written === null) return 'off'
  const mode = tlsModes[written.toLowerCase()]
  if (mode === undefined) throw refuse('Its sslmode is not known.', 'Use disable, no-verify or require.')
  return mode
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw refuse('A "%" in it is not part of an escape.', 'Write % as %25.')
  }
}

const refuse = (reason: string, hint = 'Write postgres://user:password@host:5432/database, or mysql://…'): AppError =>
  new AppError('input', `The connection string cannot be used. ${reason}`, { payload: { param: 'connection_string' }, hint })
