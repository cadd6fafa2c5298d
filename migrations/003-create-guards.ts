import { type Kysely, sql } from 'kysely'

const statements = [
  // Tries of an address or an account, shared by all nodes. The key is a hash: no address or e-mail is stored.
  `create table stackhold.login_count (
    key bytea primary key check (length(key) = 32),
    used int not null,
    ends_at timestamptz not null
  )`,
  `create index login_count_ends_at on stackhold.login_count (ends_at)`,
  `create index auth_epoch_epoch on stackhold.auth_epoch (epoch)`,

  // Voids the tokens of a row. Triggers of tables with auth call it with workspace, table, the name of the key column and of
  // the columns that matter; so every way to write counts, this server's statements and any SQL tool alike. Columns that are
  // gone read as null. record_id '' stands for the whole table.
  `create function stackhold.void_tokens() returns trigger language plpgsql security definer set search_path = pg_catalog as $$
  declare
    before jsonb;
    later jsonb;
    row_id text := '';
  begin
    if current_setting('stackhold.keep_tokens', true) = 'on' then return null; end if;
    if tg_op <> 'TRUNCATE' then
      before := to_jsonb(old);
      row_id := coalesce(before ->> tg_argv[2], '');
    end if;
    if tg_op = 'UPDATE' then
      later := to_jsonb(new);
      if not exists (select from unnest(tg_argv[2:]) as c (name) where before -> c.name is distinct from later -> c.name) then return null; end if;
    end if;
    perform stackhold.raise_epoch(tg_argv[0]::int, tg_argv[1]::int, row_id, clock_timestamp());
    return null;
  end $$`,
  `create function stackhold.raise_epoch(workspace int, table_def int, row_key text, since timestamptz) returns void
  language plpgsql set search_path = pg_catalog as $$
  begin
    insert into stackhold.auth_epoch as known (workspace_id, table_id, record_id, epoch)
      select workspace, table_def, row_key, since where exists (select from stackhold.definition d where d.id = table_def)
      on conflict (workspace_id, table_id, record_id) do update set epoch = greatest(known.epoch, excluded.epoch);
    perform pg_notify('stackhold_epoch', json_build_array(workspace, table_def, left(row_key, 200), floor(extract(epoch from since) * 1000))::text);
  end $$`,
]

/** Counters of logins, and the epochs of tokens raised by the tables themselves. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}
