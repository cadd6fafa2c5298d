import { type Kysely, sql } from 'kysely'

const statements = [
  // A branch may go live with the tables it has.
  `alter table stackhold.branch drop constraint branch_live_shares`,

  // What a deleted workspace left in its bin is kept as long as everything else there, and known until then.
  `alter table stackhold.table_bin drop constraint table_bin_workspace_id_fkey`,
  // Bins of workspaces deleted earlier: nobody remembers when, so their time begins now.
  `insert into stackhold.table_bin (workspace_id, datasource, definition_id, kind, schema_name, table_name, bin_schema, bin_table, definition, restore_until)
   select substring(n.nspname from '^ws_([0-9]+)_bin$')::int, '', 0, 'table', n.nspname, c.relname, n.nspname, c.relname, '{}', now() + interval '30 days'
   from pg_class c join pg_namespace n on n.oid = c.relnamespace
   where n.nspname ~ '^ws_[0-9]{1,9}_bin$' and c.relkind = 'r'
     and not exists (select from stackhold.workspace w where w.id = substring(n.nspname from '^ws_([0-9]+)_bin$')::int)`,
]

/** The bin outlives its workspace; branches with tables of their own may be live. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}
