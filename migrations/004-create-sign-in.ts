import { type Kysely, sql } from 'kysely'

const account = `table_id int not null references stackhold.definition on delete cascade,
    datasource text not null,
    record_id text not null`

const statements = [
  // A login that lasts: short access tokens name it, refresh tokens prolong it. Limits are seconds.
  `create table stackhold.auth_session (
    id text primary key,
    ${account},
    extras text not null default '{}',
    label text not null default '',
    ip text not null default '',
    access_seconds int not null,
    idle_seconds int not null,
    created_at timestamptz not null default clock_timestamp(),
    last_used_at timestamptz not null default clock_timestamp(),
    expires_at timestamptz not null,
    revoked_at timestamptz
  )`,
  `create index auth_session_account on stackhold.auth_session (table_id, record_id)`,
  `create index auth_session_expires_at on stackhold.auth_session (expires_at)`,
  // Used ones stay as long as their session, so that a second use is recognised.
  `create table stackhold.auth_refresh_token (
    hash bytea primary key check (length(hash) = 32),
    session_id text not null references stackhold.auth_session on delete cascade,
    created_at timestamptz not null default clock_timestamp(),
    used_at timestamptz
  )`,
  `create index auth_refresh_token_session on stackhold.auth_refresh_token (session_id)`,

  // Links in mails, and what else may be used once. record_id '' for what belongs to no account yet.
  `create table stackhold.auth_one_time_token (
    hash bytea primary key check (length(hash) = 32),
    ${account},
    purpose text not null,
    data text not null default 'null',
    created_at timestamptz not null default clock_timestamp(),
    expires_at timestamptz not null,
    used_at timestamptz
  )`,
  `create index auth_one_time_token_account on stackhold.auth_one_time_token (table_id, record_id)`,
  `create index auth_one_time_token_expires_at on stackhold.auth_one_time_token (expires_at)`,

  // The second factor of an account. The secret is sealed; the last time step accepted is not accepted again.
  `create table stackhold.auth_factor (
    ${account},
    secret text not null,
    confirmed_at timestamptz,
    last_step bigint not null default 0,
    failures int not null default 0,
    blocked_until timestamptz,
    created_at timestamptz not null default clock_timestamp(),
    primary key (table_id, datasource, record_id)
  )`,
  `create table stackhold.auth_recovery_code (
    ${account},
    hash bytea not null check (length(hash) = 32),
    used_at timestamptz,
    primary key (table_id, datasource, record_id, hash),
    foreign key (table_id, datasource, record_id) references stackhold.auth_factor on delete cascade
  )`,

  // Who an account is elsewhere. A subject means nothing without its issuer.
  `create table stackhold.auth_identity (
    ${account},
    issuer text not null,
    subject text not null,
    created_at timestamptz not null default clock_timestamp(),
    primary key (table_id, datasource, issuer, subject)
  )`,
  `create index auth_identity_account on stackhold.auth_identity (table_id, record_id)`,

  // As in 003, and whatever voids tokens ends sessions and links in mails in the same transaction.
  `create or replace function stackhold.raise_epoch(workspace int, table_def int, row_key text, since timestamptz) returns void
  language plpgsql set search_path = pg_catalog as $$
  begin
    insert into stackhold.auth_epoch as known (workspace_id, table_id, record_id, epoch)
      select workspace, table_def, row_key, since where exists (select from stackhold.definition d where d.id = table_def)
      on conflict (workspace_id, table_id, record_id) do update set epoch = greatest(known.epoch, excluded.epoch);
    update stackhold.auth_session s set revoked_at = clock_timestamp()
      where s.table_id = table_def and (row_key = '' or s.record_id = row_key) and s.revoked_at is null;
    delete from stackhold.auth_one_time_token o where o.table_id = table_def and o.record_id <> '' and (row_key = '' or o.record_id = row_key);
    perform pg_notify('stackhold_epoch', json_build_array(workspace, table_def, left(row_key, 200), floor(extract(epoch from since) * 1000))::text);
  end $$`,

  // As in 003, and a row that goes takes its second factor and its identities with it: the next row may get its id.
  `create or replace function stackhold.void_tokens() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
  declare
    before jsonb;
    later jsonb;
    row_id text := '';
    place text;
  begin
    if tg_op <> 'TRUNCATE' then
      before := to_jsonb(old);
      row_id := coalesce(before ->> tg_argv[2], '');
    end if;
    if tg_op <> 'UPDATE' then
      select p.datasource into place from stackhold.physical_table p where p.schema_name = tg_table_schema and p.table_name = tg_table_name;
      delete from stackhold.auth_factor f where f.table_id = tg_argv[1]::int and f.datasource = place and (row_id = '' or f.record_id = row_id);
      delete from stackhold.auth_identity i where i.table_id = tg_argv[1]::int and i.datasource = place and (row_id = '' or i.record_id = row_id);
    end if;
    if current_setting('stackhold.keep_tokens', true) = 'on' then return null; end if;
    if tg_op = 'UPDATE' then
      later := to_jsonb(new);
      if not exists (select from unnest(tg_argv[2:]) as c (name) where before -> c.name is distinct from later -> c.name) then return null; end if;
    end if;
    perform stackhold.raise_epoch(tg_argv[0]::int, tg_argv[1]::int, row_id, clock_timestamp());
    return null;
  end $$`,
]

/** Sessions, single-use tokens, second factors and identities at other providers. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}
