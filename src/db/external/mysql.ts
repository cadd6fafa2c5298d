/** Connections to external MySQL and MariaDB servers. The driver is loaded with the first one. */
import type { Connection, ConnectionOptions as DriverOptions, FieldPacket } from 'mysql2'
import { fromPlain, isObj, type Obj, obj, type Value } from '../../lib/value.js'
import { parseNumeric } from '../type-parsers.js'
import { type ConnectionOptions, externalError, type FailureKind, type OpenConnection, Overdue, within } from './connection.js'
import type { ExternalTarget } from './connection-string.js'

const decimalType = 246

const driverOptions = (target: ExternalTarget, options: ConnectionOptions): DriverOptions => ({
  host: target.host,
  port: target.port,
  user: target.user,
  password: target.password,
  ...(target.database === '' ? {} : { database: target.database }),
  ...(target.tls === 'off' ? {} : { ssl: { rejectUnauthorized: target.tls === 'verified', verifyIdentity: target.tls === 'verified' } }),
  stream: () => options.openSocket().connect(target.port, target.host).setNoDelay(true),
  connectTimeout: options.connectTimeoutMs,
  // A server may not ask for files of this machine, nor for the password in clear.
  flags: ['-LOCAL_FILES'],
  enableCleartextPlugin: false,
  multipleStatements: false,
  charset: 'utf8mb4',
  timezone: 'Z',
  dateStrings: ['DATE'],
  supportBigNumbers: true,
  rowsAsArray: true,
  maxPreparedStatements: 64,
})

export const openMysql: OpenConnection = async (target, options) => {
  const { createConnection } = await import('mysql2')
  const connection = createConnection(driverOptions(target, options))
  let usable = true
  const end = (): void => {
    usable = false
    connection.destroy()
  }
  try {
    await within(
      new Promise<void>((resolve, reject) => {
        connection.on('error', (error) => {
          usable = false
          reject(error)
        })
        connection.on('end', () => {
          usable = false
        })
        connection.query(sessionSettings(options), (error) => (error === null ? resolve() : reject(error)))
      }),
      options.connectTimeoutMs,
    )
  } catch (error) {
    end()
    throw externalError(error, kindOf(error, 'unreachable'), target)
  }
  return {
    get usable() {
      return usable
    },
    close: () => (usable ? connection.end(() => connection.destroy()) : end()),
    async run({ text, values }, milliseconds) {
      try {
        return await within(execute(connection, text, values), milliseconds)
      } catch (error) {
        if (error instanceof Overdue || isFatal(error)) end()
        throw externalError(error, kindOf(error, 'statement'), target)
      }
    },
  }
}

/** One statement for both families: each reads its own comment. */
const sessionSettings = ({ statementTimeoutMs }: ConnectionOptions): string =>
  `set session time_zone = '+00:00'/*!50708 , session max_execution_time = ${statementTimeoutMs}*//*M!100101 , session max_statement_time = ${statementTimeoutMs / 1000}*/`

/** Bound by the server. */
const execute = (connection: Connection, text: string, values: (string | number | Buffer | null)[]): Promise<Value[]> =>
  new Promise((resolve, reject) => {
    connection.execute({ sql: text, values }, (error, rows, fields) => {
      if (error !== null) reject(error)
      else resolve(toRows(rows, fields))
    })
  })

/** The rows of the first result; a change has none. */
function toRows(rows: unknown, fields: FieldPacket[] | FieldPacket[][] | undefined): Value[] {
  if (!Array.isArray(rows) || fields === undefined) return []
  const [first] = fields
  if (Array.isArray(first)) return toRows(rows[0], first)
  return rows.map((row: unknown[]) => toRow(row, fields as FieldPacket[]))
}

const toRow = (row: readonly unknown[], fields: readonly FieldPacket[]): Obj =>
  obj(fields.map(({ name, columnType }, i) => [name, toValue(row[i], columnType)] as const))

function toValue(member: unknown, type: number | undefined): Value {
  if (type === decimalType && typeof member === 'string') return parseNumeric(member)
  const value = fromPlain(member)
  return isObj(value) ? new Map(value) : value
}

const codeOf = (error: unknown): string => (typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string' ? error.code : '')
const isFatal = (error: unknown): boolean => typeof error === 'object' && error !== null && 'fatal' in error && error.fatal === true

const refusals = /^(ER_ACCESS_DENIED|ER_DBACCESS_DENIED|ER_BAD_DB|ER_NOT_SUPPORTED_AUTH|ER_HOST_)/
/** What servers call a statement that ran out of time: MySQL's and MariaDB's own limit, and a statement that was killed. */
const timeouts: ReadonlySet<unknown> = new Set([3024, 1969, 1317])

function kindOf(error: unknown, otherwise: FailureKind): FailureKind {
  if (error instanceof Overdue && otherwise === 'statement') return 'timeout'
  const code = codeOf(error)
  if (refusals.test(code) && otherwise === 'unreachable') return 'refused'
  if (typeof error === 'object' && error !== null && 'errno' in error && timeouts.has(error.errno)) return 'timeout'
  return isFatal(error) || /^E[A-Z]+$|^PROTOCOL_/.test(code) ? 'unreachable' : otherwise
}
