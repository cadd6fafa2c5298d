/** Proof of work: a challenge that this server signs and forgets, and a solution that counts once. */
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Database } from '../db/client.js'

export interface Challenges {
  /** A new challenge for a subject: text that may be handed to anyone. */
  create(subject: string, difficulty: number): string
  /** Whether `challenge.nonce` solves a challenge of that subject, in time, and for the first time. */
  spend(subject: string, solution: string): Promise<boolean>
  /** Whether this is the first use of a token that somebody else verified. */
  spendToken(token: string): Promise<boolean>
  close(): void
}

/** A challenge is good for this long. */
export const challengeSeconds = 300
const tokenSeconds = 3_600
const purgeMs = 600_000

const spendSql = `insert into stackhold.spent_challenge (id, expires_at) values ($1, now() + make_interval(secs => $2))
  on conflict (id) do nothing returning id`

export function createChallenges(
  db: Pick<Database, 'query'>,
  key: Uint8Array,
  now: () => number = Date.now,
  onError: (error: unknown) => void = () => {},
): Challenges {
  const timer = setInterval(() => void db.query('delete from stackhold.spent_challenge where expires_at < now()').catch(onError), purgeMs)
  timer.unref()
  const sign = (subject: string, head: string): string =>
    createHmac('sha256', key)
      .update(JSON.stringify([subject, head]))
      .digest('base64url')
  const spendOnce = async (id: Buffer, seconds: number): Promise<boolean> => (await db.query(spendSql, [id, seconds], { fast: true })).length > 0
  return {
    create(subject, difficulty) {
      const head = `${difficulty}-${Math.floor(now() / 1000) + challengeSeconds}-${randomBytes(16).toString('hex')}`
      return `${head}-${sign(subject, head)}`
    },
    async spend(subject, solution) {
      const [, head = '', difficulty, endsAt, signature = ''] = solutionPattern.exec(solution) ?? []
      if (!isSame(signature, sign(subject, head)) || Number(endsAt) * 1000 <= now()) return false
      if (leadingZeroBits(createHash('sha256').update(solution).digest()) < Number(difficulty)) return false
      // By the challenge, not by the solution: one challenge has many.
      return spendOnce(createHash('sha256').update(`work ${head}`).digest(), challengeSeconds + 60)
    },
    spendToken: (token) => spendOnce(createHash('sha256').update(`captcha ${token}`).digest(), tokenSeconds),
    close: () => clearInterval(timer),
  }
}

/** `<difficulty>-<end>-<random>-<signature>.<nonce>` */
const solutionPattern = /^((\d{1,2})-(\d{10})-[0-9a-f]{32})-([\w-]{43})\.[\w-]{1,64}$/

const isSame = (a: string, b: string): boolean => a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b))

export function leadingZeroBits(hash: Uint8Array): number {
  let bits = 0
  for (const byte of hash) {
    if (byte !== 0) return bits + Math.clz32(byte) - 24
    bits += 8
  }
  return bits
}
