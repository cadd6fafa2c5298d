/** What connections of every kind of external database share: settings, and errors that give nothing away. */
import type { Socket } from 'node:net'
import { AppError, fatal } from '../../errors.js'
import type { ExternalTarget } from './connection-string.js'
import type { ExternalConnection } from './pool.js'

export interface ConnectionOptions {
  /** A socket that reaches only what the server may reach. */
  openSocket(): Socket
  /** A statement is cancelled by its server after this long, ms. */
  statementTimeoutMs: number
  /** Ms. */
  connectTimeoutMs: number
}

export type OpenConnection = (target: ExternalTarget, options: ConnectionOptions) => Promise<ExternalConnection>

/** What went wrong, as the driver of an engine tells. */
export type FailureKind = 'refused' | 'unreachable' | 'timeout' | 'statement'

/** Names of users, databases and hosts are part of what gives access: only what a server says of a statement is passed on. */
export function externalError(error: unknown, kind: FailureKind, target: ExternalTarget): AppError {
  if (error instanceof AppError) return error
  switch (kind) {
    case 'refused':
      return fatal('The external database refused the connection.', { hint: 'Check user, password, database name and sslmode of the connection string.' })
    case 'unreachable':
      return fatal('The external database cannot be reached.', { hint: 'Check host, port and sslmode of the connection string, and its firewall.' })
    case 'timeout':
      return fatal('SQL Error: the statement took too long and was cancelled.', { hint: 'Add an index or read fewer rows.' })
    case 'statement':
      return fatal(`SQL Error: ${withoutSecrets(error instanceof Error ? error.message : String(error), target)}`)
  }
}

function withoutSecrets(message: string, { password, user, host }: ExternalTarget): string {
  let out = message
  for (const secret of [password, user, host]) if (secret.length >= 3) out = out.replaceAll(secret, '(hidden)')
  return out
}

/** What took longer than it may. */
export class Overdue extends Error {}

/** Ends what waits for something that may never come. Throws {@link Overdue}. */
export async function within<T>(work: Promise<T>, milliseconds: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Overdue()), milliseconds)
  })
  try {
    return await Promise.race([work, limit])
  } finally {
    clearTimeout(timer)
    work.catch(() => {})
  }
}
