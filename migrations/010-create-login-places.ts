import { type Kysely, sql } from 'kysely'

const statements = [
  // Where accounts logged in from. Account and place are keyed hashes; the hash of a place is another one for every account.
  `create table stackhold.login_place (
    account bytea not null check (length(account) = 16),
    kind text not null check (kind in ('network', 'country')),
    place bytea not null check (length(place) = 16),
    first_at timestamptz not null,
    last_at timestamptz not null,
    primary key (account, kind, place)
  )`,
  `create index login_place_last_at on stackhold.login_place (last_at)`,

  // Up to where the audit log was shortened, sealed with a key that is not in the database.
  `create table stackhold.audit_checkpoint (
    "only" boolean primary key default true check ("only"),
    id bigint not null check (id > 0),
    hash bytea not null check (length(hash) = 32),
    cut_at timestamptz(3) not null,
    seal bytea not null
  )`,
  `create trigger audit_checkpoint_keep before delete or truncate on stackhold.audit_checkpoint for each statement execute function stackhold.refuse_change()`,
  `create function stackhold.refuse_audit_change() returns trigger language plpgsql as $$
  begin
    if tg_op = 'DELETE' and old.id <= (select id from stackhold.audit_checkpoint) then
      return old;
    end if;
    raise insufficient_privilege using message = format('%s is append-only', tg_table_name);
  end $$`,
  `drop trigger audit_entry_append_only on stackhold.audit_entry`,
  `create trigger audit_entry_append_only before update or delete on stackhold.audit_entry for each row execute function stackhold.refuse_audit_change()`,

  // What the stack of a kept request ran, where its history setting asks for it; JSON.
  `alter table stackhold.request_history add column statements text`,
]

/** Places of logins, a shortened audit log, statements in the request history. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}
