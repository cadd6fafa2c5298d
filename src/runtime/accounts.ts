/** Signing in beyond a password, as stacks see it; implemented in auth. An account is a row of a table with auth enabled. */
import type { Obj, Value } from '../lib/value.js'

export interface Account {
  readonly table: string
  readonly id: Value
}

export interface SessionOptions {
  /** Readable as `$auth.extras`. */
  extras: Obj
  /** Seconds an access token lives. */
  accessSeconds: number
  /** Seconds without a refresh after which the session is over. */
  idleSeconds: number
  /** Seconds after which it is over in any case. */
  absoluteSeconds: number
  /** What its owner recognises it by, such as the name of a device. */
  label: string
  /** Address it was opened from. */
  ip: string
}

export interface SessionTokens {
  authToken: string
  /** Good for one use. */
  refreshToken: string
  /** Seconds until `authToken` expires. */
  expiresIn: number
  session: string
}

/** Times are epoch ms. */
export interface SessionFacts {
  session: string
  label: string
  ip: string
  createdAt: number
  lastUsedAt: number
  expiresAt: number
}

/** Short access tokens and refresh tokens that change with every use. */
export interface Sessions {
  create(account: Account, options: SessionOptions): Promise<SessionTokens>
  /** Null for whatever is wrong with the token. The second use of one ends its session. */
  rotate(table: string, refreshToken: string): Promise<SessionTokens | null>
  /** Those that are open, the last used one first. */
  list(account: Account): Promise<SessionFacts[]>
  /** False when the account has no such open session. */
  revoke(account: Account, session: string): Promise<boolean>
  /** Ends every session and voids every token of the account. */
  revokeAll(account: Account): Promise<void>
}

/** Links in mails and the like: whoever has the token may do one thing, once. */
export interface OneTimeTokens {
  create(account: Account, options: { purpose: string; seconds: number; data: Value }): Promise<string>
  /** Null for whatever is wrong with the token. Of many that use it at once, one succeeds. */
  use(table: string, purpose: string, token: string): Promise<{ id: Value; data: Value } | null>
}

/** Codes of an authenticator app (RFC 6238), and recovery codes for the day the phone is lost. */
export interface SecondFactors {
  /** A new secret, in force once a code of it was confirmed. Null when one is in force already. */
  enrol(account: Account, options: { issuer: string; label: string }): Promise<{ secret: string; uri: string } | null>
  /** Puts the secret in force and answers the recovery codes, shown this once; null for a wrong code. */
  confirm(account: Account, code: string): Promise<string[] | null>
  /** Whether the code is right. A code of the app, or a recovery code, is right once; after five wrong ones every try has to wait longer. */
  check(account: Account, code: string): Promise<boolean>
  isOn(account: Account): Promise<boolean>
  remove(account: Account): Promise<void>
  /** What a login answers instead of a token; null when the account has no second factor. */
  challenge(account: Account, seconds: number): Promise<string | null>
  /** The account of a challenge; null for whatever is wrong with it. */
  readChallenge(table: string, challenge: string): Promise<Value>
}

/** Another server that vouches for people (OpenID Connect). */
export interface Provider {
  issuer: string
  clientId: string
  /** Empty for a public client. */
  clientSecret: string
  redirectUri: string
  scope: string
}

export interface Identity {
  issuer: string
  subject: string
  /** Null when the provider does not tell. */
  email: string | null
  /** The provider vouches for the address. */
  emailVerified: boolean
  name: string | null
}

/** Login with another provider: authorization code with PKCE, state and nonce, each good for one use. */
export interface Federation {
  /** Where to send the browser, and what it must keep and bring back. Throws AppError `fatal` for a provider that cannot be used. */
  start(table: string, provider: Provider): Promise<{ url: string; flow: string }>
  /** Null for whatever is wrong: a flow that is not this browser's or was used, another issuer, a code the provider does not honour. */
  finish(table: string, provider: Provider, answer: { flow: string; state: string; code: string; issuer: string }): Promise<Identity | null>
  /** Id of the account with that identity, or null. */
  find(table: string, identity: Pick<Identity, 'issuer' | 'subject'>): Promise<Value>
  /** False when it belongs to another account. */
  link(account: Account, identity: Pick<Identity, 'issuer' | 'subject'>): Promise<boolean>
  /** Forgets every identity of the account. */
  unlinkAll(account: Account): Promise<void>
}

export interface Accounts {
  readonly sessions: Sessions
  readonly oneTime: OneTimeTokens
  readonly secondFactors: SecondFactors
  readonly federation: Federation
}

/** A mail. Addresses are bare: `ann@example.com`, or `Ann <ann@example.com>`. */
export interface MailMessage {
  to: readonly string[]
  subject: string
  /** Plain text. */
  text: string
  html?: string
  /** The configured sender when absent. */
  from?: string
  cc?: readonly string[]
  bcc?: readonly string[]
  replyTo?: string
}

/** Resend (resend.com) instead of the mail server of the installation. */
export interface ResendOptions {
  apiKey: string
  /** When it sends the mail, epoch ms; at once when absent. */
  scheduledAt?: number
}

export interface Mail {
  /** Hands the mail over. Errors: `input` for an address or a subject that is none, `unavailable` when no mail server takes it. */
  send(message: MailMessage): Promise<{ id: string }>
  /** The same through Resend; what it answers. Errors: `fatal` with its message when it refuses. */
  sendByResend(message: MailMessage, options: ResendOptions): Promise<Value>
}
