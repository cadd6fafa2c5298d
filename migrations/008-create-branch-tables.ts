import { type Kysely, sql } from 'kysely'

const statements = [
  // A branch may have tables of its own, with data sources of their own: 'live@7' is what branch 7 calls 'live'.
  `alter table stackhold.branch add column own_tables boolean not null default false`,
  `alter table stackhold.branch add constraint branch_live_shares check (not (live and own_tables))`,
  `alter table stackhold.datasource add column branch_id int`,
  `alter table stackhold.datasource add foreign key (workspace_id, branch_id) references stackhold.branch (workspace_id, id) on delete cascade`,
  `alter table stackhold.datasource add check (label like '%@%' = (branch_id is not null))`,
]

/** Branches with tables of their own. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}
