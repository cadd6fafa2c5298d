/** Facts as log lines; never a token, an input or a payload. Accounts are told apart by a keyed hash. */
import { createHmac } from 'node:crypto'
import { AppError } from '../errors.js'
import type { Fact, Observe } from './observe.js'
import { createRedactor } from './redact.js'

/** Facts that are part of an ordinary day. */
const unremarkable: ReadonlySet<Fact['kind']> = new Set([
  'authn_login_success',
  'authn_login_challenge',
  'authn_token_created',
  'authn_token_revoked',
  'authn_password_change',
  'authz_admin',
  'input_validation_fail',
  'content_exported',
  'content_imported',
])

/** What a logger is to facts. */
export interface FactLogger {
  error(fact: object, kind: string): void
  warn(fact: object, kind: string): void
  info(fact: object, kind: string): void
}

export const logFacts =
  (log: FactLogger): Observe =>
  (fact) => {
    if ('error' in fact) {
      const { hide = hideTokens, ...rest } = { hide: undefined, ...fact }
      log.error({ ...rest, error: describeError(fact.error, hide) }, fact.kind)
    } else if (unremarkable.has(fact.kind)) log.info(fact, fact.kind)
    else log.warn(fact, fact.kind)
  }

/** Whatever has the form of a token or a hash. */
const hideTokens = createRedactor(new Set()).text

const describeError = (error: unknown, hide: (text: string) => string): object => ({
  message: hide(error instanceof Error ? error.message : String(error)),
  ...(error instanceof AppError ? { position: error.position, detail: error.detail === undefined ? undefined : hide(error.detail) } : {}),
  ...(error instanceof Error ? { stack: hide(error.stack ?? ''), ...(error.cause === undefined ? {} : { cause: hide(String(error.cause)) }) } : {}),
})

/** Whoever reads events cannot find out by trying which account a hash stands for. `key` is 32 bytes, derived for this alone. */
export const sealAccounts =
  (key: Uint8Array, next: Observe): Observe =>
  (fact) => {
    const seal = (text: string): string => createHmac('sha256', key).update(text).digest('hex')
    const account = 'account' in fact && fact.account !== undefined ? { account: seal(fact.account).slice(0, 16) } : {}
    const subject = 'subject' in fact && fact.subject !== undefined ? { subject: seal(`subject|${fact.subject}`) } : {}
    next({ ...fact, ...account, ...subject })
  }
