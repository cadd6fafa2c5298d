/** First answers to requests with an `Idempotency-Key`, in Postgres: claimed atomically, sealed, kept for a day, purged by a timer. */
import { createCipheriv, createDecipheriv, createHmac, randomBytes, randomUUID } from 'node:crypto'
import type { Database } from '../db/client.js'

/** Of an answer what a repetition gets again. */
export interface KeptAnswer {
  status: number
  /** Flat list: content type and what the program set. */
  headers: string[]
  body: Uint8Array
}

export type ClaimOutcome =
  /** The first request with this key: run it, then keep its answer or let go. */
  | { kind: 'claimed'; keep(answer: KeptAnswer | null): Promise<void>; release(): Promise<void> }
  | { kind: 'replay'; answer: KeptAnswer }
  /** It ran, but its answer was not kept: too large, or null. */
  | { kind: 'forgotten' }
  /** Another request with this key is running. */
  | { kind: 'running'; seconds: number }
  /** The key was used with other parameters. */
  | { kind: 'mismatch' }

export interface IdempotencyStore {
  /** `subject` is whom and what a key is bound to (caller, endpoint, key); `parameters` is the rest of the request. */
  claim(workspaceId: number, subject: string, parameters: Uint8Array, options?: { runMs?: number }): Promise<ClaimOutcome>
  close(): void
}

export interface IdempotencyOptions {
  db: Pick<Database, 'query'>
  /** 32 bytes for the purpose and workspace named. */
  keyFor(purpose: string): Uint8Array
  /** Ms a request may run; after that a key whose server died may be claimed anew. */
  runMs: number
  onError?: (error: unknown) => void
}

/** Bytes of an answer that are kept at most: whoever may call an endpoint shall not fill the disk by it. */
export const maxKeptBytes = 65_536
const keptSeconds = 86_400
const purgeMs = 600_000
const nonceBytes = 12
const tagBytes = 16

const claimSql = `insert into stackhold.idempotency_key as known (id, fingerprint, claim, claimed_until, expires_at)
  values ($1, $2, $3, clock_timestamp() + make_interval(secs => $4), clock_timestamp() + make_interval(secs => $5))
  on conflict (id) do update set
    fingerprint = excluded.fingerprint, claim = excluded.claim, claimed_until = excluded.claimed_until, expires_at = excluded.expires_at, answer = null
  where known.expires_at <= clock_timestamp()
    or (known.answer is null and known.claimed_until <= clock_timestamp() and known.fingerprint = excluded.fingerprint)
  returning claim`
const readSql = `select fingerprint, answer, extract(epoch from claimed_until - clock_timestamp())::float8 as left
  from stackhold.idempotency_key where id = $1`
const keepSql = 'update stackhold.idempotency_key set answer = $3 where id = $1 and claim = $2'
const releaseSql = 'delete from stackhold.idempotency_key where id = $1 and claim = $2 and answer is null'
const purgeSql = 'delete from stackhold.idempotency_key where expires_at < now()'

export function createIdempotencyStore({ db, keyFor, runMs, onError = () => {} }: IdempotencyOptions): IdempotencyStore {
  const timer = setInterval(() => void db.query(purgeSql).catch(onError), purgeMs)
  timer.unref()
  const keys = new Map<number, { digest: Uint8Array; seal: Uint8Array }>()
  const keysOf = (workspaceId: number) => {
    const known = keys.get(workspaceId)
    if (known !== undefined) return known
    const made = { digest: keyFor(`stackhold/idempotency/${workspaceId}/digest`), seal: keyFor(`stackhold/idempotency/${workspaceId}/seal`) }
    keys.set(workspaceId, made)
    return made
  }
  return {
    async claim(workspaceId, subject, parameters, { runMs: mayRunMs = runMs } = {}) {
      const { digest, seal } = keysOf(workspaceId)
      const id = createHmac('sha256', digest).update(subject).digest()
      const fingerprint = createHmac('sha256', digest).update(parameters).digest()
      const claim = randomUUID()
      const claimed = await db.query(claimSql, [id, fingerprint, claim, mayRunMs / 1000, keptSeconds], { fast: true })
      if (claimed.length > 0)
        return {
          kind: 'claimed',
          async keep(answer) {
            await db.query(keepSql, [id, claim, sealAnswer(seal, id, answer)], { fast: true })
          },
          async release() {
            await db.query(releaseSql, [id, claim], { fast: true })
          },
        }
      const [row] = await db.query<{ fingerprint: Buffer; answer: Buffer | null; left: number }>(readSql, [id], { fast: true })
      // Let go in between: whoever asks again in a second finds it free.
      if (row === undefined) return { kind: 'running', seconds: 1 }
      if (!row.fingerprint.equals(fingerprint)) return { kind: 'mismatch' }
      if (row.answer === null) return { kind: 'running', seconds: Math.max(1, Math.ceil(row.left)) }
      const answer = openAnswer(seal, id, row.answer)
      return answer === null ? { kind: 'forgotten' } : { kind: 'replay', answer }
    },
    close: () => clearInterval(timer),
  }
}

/** AES-256-GCM over a head as JSON and the body; bound to the id, so that an answer cannot be moved to another key. */
function sealAnswer(key: Uint8Array, id: Buffer, answer: KeptAnswer | null): Buffer {
  const { status, headers, body } = answer ?? { status: 0, headers: [], body: new Uint8Array() }
  const head = Buffer.from(JSON.stringify({ status, headers }))
  const length = Buffer.alloc(4)
  length.writeUInt32BE(head.length)
  const nonce = randomBytes(nonceBytes)
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(id)
  const parts = answer === null || body.length > maxKeptBytes ? [] : [length, head, body]
  return Buffer.concat([nonce, ...parts.map((part) => cipher.update(part)), cipher.final(), cipher.getAuthTag()])
}

/** Null for an answer that was not kept. Throws when it was not sealed for this key. */
function openAnswer(key: Uint8Array, id: Buffer, sealed: Buffer): KeptAnswer | null {
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, nonceBytes), { authTagLength: tagBytes }).setAAD(id)
  decipher.setAuthTag(sealed.subarray(-tagBytes))
  const plain = Buffer.concat([decipher.update(sealed.subarray(nonceBytes, -tagBytes)), decipher.final()])
  if (plain.length === 0) return null
  const headEnd = 4 + plain.readUInt32BE(0)
  const head = JSON.parse(plain.toString('utf8', 4, headEnd)) as { status: number; headers: string[] }
  return { ...head, body: plain.subarray(headEnd) }
}
