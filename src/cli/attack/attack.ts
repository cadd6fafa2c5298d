/** What an attack is, and what it may use. */
import type { Reply } from './wire.js'

export interface Attack {
  /** Row of the ledger in docs/security.md: `A08`; `JWE` for the list of tokens. */
  id: string
  title: string
  /** Where it was found in other products. */
  advisories: readonly string[]
  run(trial: Trial): Promise<void>
}

export interface Sending {
  /** Name of an endpoint of the stage: `me`; or a whole target that begins with `/`. */
  to: string
  method?: string
  /** Sent as `Authorization: Bearer …`. */
  token?: string
  /** Further header lines; may repeat a name. */
  headers?: readonly (readonly [name: string, value: string])[]
  /** Text is sent as it is, with `type`; anything else as JSON. */
  body?: unknown
  type?: string
  /** A 429 is an answer too; else the request waits and is repeated. */
  limitsCount?: true
}

/** A throw-away workspace on the server that is attacked. */
export interface Stage {
  workspace: number
  canonical: string
  /** Ids of tables by name. */
  tables: Readonly<Record<string, number>>
  alice: Person
  bob: Person
  /** Has no password that anyone knows. */
  nobody: Person
  /** Tokens of accounts that are only there to be many. */
  crowd: readonly Person[]
  /** A token of the other table, with the number of Alice. */
  stranger: string
  adminToken: string
  /** Development shows more, to this machine only. */
  mode: 'production' | 'development'
}

export interface Person {
  id: number
  email: string
  password: string
  token: string
  /** Value of the hidden column. */
  secret: string
}

/** One thing that was tried. */
export interface Probe {
  sent: string
  answer: string
  expected: string
  held: boolean
  /** Asks what must work: a server that refuses everything is not secure but broken. */
  control: boolean
}

export interface Trial {
  stage: Stage
  send(sending: Sending): Promise<Reply>
  /** Bytes as they are; the connection is read until it has been quiet. */
  sendBytes(bytes: string, sent: string): Promise<Reply>
  /** The Metadata API, below `/api:meta`, as administrator. */
  meta(method: string, path: string, body?: unknown): Promise<Reply>
  check(reply: Reply, expected: string, held: boolean): void
  /** That something works. */
  control(reply: Reply, expected: string, held: boolean): void
}

/** Thrown by an attack that this server gives no occasion for; says why. */
export class NotTried extends Error {}

export const header = (reply: Reply, name: string): string => reply.headers.get(name)?.join(', ') ?? ''

/** The body as JSON; undefined when it is none. */
export function json(reply: Reply): unknown {
  try {
    return JSON.parse(reply.text)
  } catch {
    return undefined
  }
}

/** A member of a JSON object; undefined when there is none. */
export const member = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined

export const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

/** Status, headers and body, but for the time and the caller's own count. */
export const face = (reply: Reply): string =>
  JSON.stringify([reply.status, [...reply.headers].filter(([name]) => !/^date$|^(x-)?ratelimit/.test(name)), reply.text])

/** Refused without a word about why: as a request that is none, as a stranger's, or as a route that is not there. */
export const isRefused = ({ status }: Reply): boolean => [400, 401, 404, 405, 413, 414, 415, 431].includes(status)
