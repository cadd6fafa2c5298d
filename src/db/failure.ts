/** Which errors of the driver mean that the database is out of reach, and the one answer given to all of them. */
import { AppError } from '../errors.js'

const socketCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOENT',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ECONNABORTED',
  'EACCES',
])
/** Shutdown, crash, starting up, read-only after a failover, idle-session timeouts, and everything the server lacks room for. */
const serverCodes = /^(08...|57P0[1-5]|53...|25P0[34]|25006|58030)$/
const driverMessages =
  /^(Connection terminated|timeout expired|timeout exceeded when trying to connect|Query read timeout|Client has encountered a connection error|Client was closed|Cannot use a pool after calling end)/

const codeOf = (error: unknown): string => (typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string' ? error.code : '')
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** The SQLSTATE (or the socket's error code) of an error; `''` when it has none. */
export const sqlState = codeOf

/** True when the statement failed because of the connection or the server, not because of itself. */
export const isConnectionFailure = (error: unknown): boolean =>
  error instanceof AppError
    ? error.kind === 'unavailable'
    : socketCodes.has(codeOf(error)) || serverCodes.test(codeOf(error)) || driverMessages.test(messageOf(error))

/** True when the connection prepared the statement for tables that have changed since, or lost it. */
export const isStalePlan = (error: unknown): boolean =>
  codeOf(error) === '26000' || (codeOf(error) === '0A000' && /cached plan must not change result type/.test(messageOf(error)))

/** 503 with `Retry-After`; the cause goes to the log only. */
export function unavailable(cause: unknown, message?: string): AppError {
  if (cause instanceof AppError) return cause
  return new AppError('unavailable', message, { cause, detail: messageOf(cause), headers: { 'retry-after': '1' } })
}

/** The error as callers see it: {@link unavailable} for failures of the connection, the driver's own error otherwise. */
export function toDatabaseError(error: unknown): unknown {
  if (!isConnectionFailure(error)) return error
  const busy = messageOf(error).startsWith('timeout exceeded when trying to connect')
  return unavailable(error, busy ? 'All database connections are busy.' : undefined)
}
