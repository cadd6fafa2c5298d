import { type Kysely, sql } from 'kysely'

const statements = [
  // First answers to requests that carry an Idempotency-Key. The id is a keyed hash of caller, endpoint and key, the
  // fingerprint one of the parameters, the answer is sealed: nothing here can be read or guessed without the master secret.
  `create table stackhold.idempotency_key (
    id bytea primary key check (length(id) = 32),
    fingerprint bytea not null check (length(fingerprint) = 32),
    claim uuid not null,
    claimed_until timestamptz not null,
    answer bytea,
    expires_at timestamptz not null
  )`,
  `create index idempotency_key_expires_at on stackhold.idempotency_key (expires_at)`,

  // Challenges of the proof of work that were solved: each counts once.
  `create table stackhold.spent_challenge (
    id bytea primary key check (length(id) = 32),
    expires_at timestamptz not null
  )`,
  `create index spent_challenge_expires_at on stackhold.spent_challenge (expires_at)`,
]

/** Answers kept for repeated requests, and challenges that were used. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}
