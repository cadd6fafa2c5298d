/** What no answer, log line, event or entry of the request history may hold, looked for in all of the test run (R27, R34, R37). */
import { Writable } from 'node:stream'
import { type Logger, pino } from 'pino'

/** Hashes of passwords, argon2 and bcrypt, and rows at rest of encrypted columns. */
const secrets = /\$argon2(?:id|i|d)\$|\$2[aby]\$\d\d\$|\bv1\.[0-9a-f]{8}\.[\w-]{38,}/

/** Tokens of accounts (compact JWE) and of administrators. */
const tokens = /\beyJ[\w-]{10,}\.[\w-]{40,}\.[\w-]{16}\.|\bshk_[\w-]{20,}/

/** A dump is a copy of the database for who may do everything. */
const dumps = /\/export\/sql\b/

/** Throws when an answer holds a secret: the test that asked has found a leak. */
export function assertNoSecrets(url: string, text: string): void {
  const found = dumps.test(url) ? null : secrets.exec(text)
  if (found !== null) throw new Error(`The answer of ${url} holds ${found[0].slice(0, 12)}…, a secret at rest.`)
}

/** Members whose values are secrets, in what is sent and in what is answered. */
const secretName = /pass(?:word|wd)?$|secret|token$|recovery_codes/i
/** `env = {PAYMENT_KEY: "…"}` of a pushed workspace. */
const secretVariable = /\b\w*(?:KEY|SECRET|TOKEN|PASSWORD)\w*: *"([^"\\]+)"/g
/** Shorter texts occur by chance. */
const shortest = 10
const mostLearned = 5_000

export interface Canaries {
  /** Remembers the secrets of a request and of its answer. */
  learnFrom(token: string | undefined, body: unknown, answer: string): void
  /** Throws when a text that the server keeps holds one of them, or anything that looks like a secret. */
  assertClean(where: string, text: string): void
  /** Throws when a text holds one of them as it was sent; what is sealed or hashed may be there. */
  assertUnknown(where: string, text: string): void
  readonly learned: ReadonlySet<string>
}

export function createCanaries(known: readonly string[] = []): Canaries {
  const learned = new Set(known)
  const learn = (value: unknown): void => {
    if (typeof value === 'string' && value.length >= shortest && learned.size < mostLearned) learned.add(value)
  }
  const walk = (value: unknown, isSecret: boolean, depth: number): void => {
    if (isSecret) learn(value)
    if (typeof value !== 'object' || value === null || depth > 8) return
    for (const [name, member] of Object.entries(value)) walk(member, Array.isArray(value) ? isSecret : secretName.test(name), depth + 1)
  }
  const assertUnknown = (where: string, text: string): void => {
    for (const secret of learned) {
      const at = text.indexOf(secret)
      if (at >= 0) throw new Error(`${where} holds the secret ${secret.slice(0, 4)}…: ${around(text, at)}`)
    }
  }
  return {
    learned,
    assertUnknown,
    learnFrom(token, body, answer) {
      learn(token)
      if (typeof body === 'string') for (const [, value] of body.matchAll(secretVariable)) learn(value)
      else walk(body, false, 0)
      if (answer.startsWith('{')) walk(JSON.parse(answer), false, 0)
    },
    assertClean(where, text) {
      const found = secrets.exec(text) ?? tokens.exec(text)
      if (found !== null) throw new Error(`${where} holds ${found[0].slice(0, 12)}…, a secret: ${around(text, found.index)}`)
      assertUnknown(where, text)
    },
  }
}

/** The rows of a table as text, and what is behind the hexadecimal digits of its bytes. */
export const readableRows = (rows: readonly string[]): string =>
  rows.map((row) => `${row}\n${row.replace(/\\+x((?:[0-9a-f]{2})+)/g, (_, digits: string) => Buffer.from(digits, 'hex').toString('latin1'))}`).join('\n')

const around = (text: string, at: number): string => text.slice(Math.max(0, at - 120), at)

const mostKept = 32 * 1_048_576

/** A log of every level, kept in memory. Mails that development shows in place of sending them are left out: they are for the reader. */
export function captureLog(): { log: Logger; text(): string } {
  const chunks: string[] = []
  let size = 0
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      const line = chunk.toString()
      if (size < mostKept && !line.includes('"mail_shown')) {
        chunks.push(line)
        size += line.length
      }
      done()
    },
  })
  return { log: pino({ level: 'trace' }, stream), text: () => chunks.join('') }
}
