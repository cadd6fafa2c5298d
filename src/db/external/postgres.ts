/** Connections to external PostgreSQL servers. */
import pg from 'pg'
import { fromPlain } from '../../lib/value.js'
import { isConnectionFailure, sqlState } from '../failure.js'
import { typeParsers } from '../type-parsers.js'
import { type ConnectionOptions, externalError, type FailureKind, type OpenConnection, Overdue, within } from './connection.js'
import type { ExternalTarget } from './connection-string.js'

const ssl = { off: false, unverified: { rejectUnauthorized: false }, verified: {} } as const

/** Everything is given, so that the driver looks nowhere else: not into the environment, not into files. */
const clientConfig = (target: ExternalTarget, options: ConnectionOptions): pg.ClientConfig => ({
  host: target.host,
  port: target.port,
  user: target.user,
  password: () => target.password,
  database: target.database === '' ? target.user : target.database,
  ssl: ssl[target.tls],
  stream: () => options.openSocket(),
  types: typeParsers,
  application_name: 'stackhold',
  connectionTimeoutMillis: options.connectTimeoutMs,
})

export const openPostgres: OpenConnection = async (target, options) => {
  const client = new pg.Client(clientConfig(target, options))
  let usable = true
  client.on('error', () => {
    usable = false
  })
  const end = (): void => {
    usable = false
    client.end().catch(() => {})
  }
  try {
    await within(client.connect(), options.connectTimeoutMs)
    await within(client.query(sessionSettings(options)), options.connectTimeoutMs)
  } catch (error) {
    end()
    throw externalError(error, kindOf(error, 'unreachable'), target)
  }
  return {
    get usable() {
      return usable
    },
    close: end,
    async run({ text, values }, milliseconds) {
      const statement: pg.QueryConfig & { queryMode: string } = { text, values, queryMode: 'extended' }
      try {
        const { rows } = await within(client.query<Record<string, unknown>>(statement), milliseconds)
        return (rows ?? []).map(fromPlain)
      } catch (error) {
        if (error instanceof Overdue || isConnectionFailure(error)) end()
        throw externalError(error, kindOf(error, 'statement'), target)
      }
    },
  }
}

/** Set by a statement: poolers between refuse them as options of the connection. */
const sessionSettings = ({ statementTimeoutMs }: ConnectionOptions): string =>
  `set statement_timeout = ${statementTimeoutMs}; set timezone = 'UTC'; set datestyle = 'ISO, YMD'; set intervalstyle = 'iso_8601'; set bytea_output = 'hex'`

function kindOf(error: unknown, otherwise: FailureKind): FailureKind {
  const state = sqlState(error)
  if (/^28...$|^3D000$|^42501$/.test(state) && otherwise === 'unreachable') return 'refused'
  if (state === '57014' || (error instanceof Overdue && otherwise === 'statement')) return 'timeout'
  return isConnectionFailure(error) ? 'unreachable' : otherwise
}
