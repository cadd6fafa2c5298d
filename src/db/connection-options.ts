/** What every connection is opened with, whoever opens it. */
import type pg from 'pg'
import { typeParsers } from './type-parsers.js'

export interface SessionLimits {
  /** A statement is cancelled by the server after this long. Default 15 000. */
  statementTimeoutMs?: number
  /** A statement waits this long for a lock. Default 3 000. */
  lockTimeoutMs?: number
  /** A transaction that sits idle this long loses its connection. Default 10 000. */
  idleTransactionTimeoutMs?: number
  /** Waiting for a connection, new or from the pool. Default 2 000. */
  connectTimeoutMs?: number
}

/** Grace the server has to cancel a statement by itself before the client gives the connection up. */
const clientTimeoutGraceMs = 2_000

/** Merges our session settings into a connection, from an object or a URL. */
export function toClientConfig(connection: pg.ClientConfig, limits: SessionLimits, applicationName: string): pg.ClientConfig {
  const { connectionString, urlOptions } = splitUrlOptions(connection.connectionString)
  const statementTimeoutMs = limits.statementTimeoutMs ?? 15_000
  const settings = [
    '-c DateStyle=ISO,YMD -c TimeZone=UTC -c IntervalStyle=iso_8601 -c bytea_output=hex -c client_min_messages=warning -c search_path=public',
    `-c statement_timeout=${statementTimeoutMs}`,
    `-c lock_timeout=${limits.lockTimeoutMs ?? 3_000}`,
    `-c idle_in_transaction_session_timeout=${limits.idleTransactionTimeoutMs ?? 10_000}`,
  ]
  return {
    application_name: applicationName,
    ...connection,
    ...(connectionString === undefined ? {} : { connectionString }),
    options: [...settings, connection.options ?? '', urlOptions].join(' ').trim(),
    types: typeParsers,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    connectionTimeoutMillis: limits.connectTimeoutMs ?? 2_000,
    query_timeout: statementTimeoutMs === 0 ? 0 : statementTimeoutMs + clientTimeoutGraceMs,
  }
}

/** `?options=` of a URL would replace ours in the driver, so it is taken out and appended. */
function splitUrlOptions(connectionString: string | undefined): { connectionString: string | undefined; urlOptions: string } {
  if (connectionString === undefined || !connectionString.includes('options=')) return { connectionString, urlOptions: '' }
  const url = new URL(connectionString)
  const urlOptions = url.searchParams.get('options') ?? ''
  url.searchParams.delete('options')
  return { connectionString: url.toString(), urlOptions }
}
