import { type Kysely, sql } from 'kysely'

const statements = [
  // Indexes that could not be built, and why; a row goes when its index stands.
  `create table stackhold.index_failure (
    workspace_id int not null references stackhold.workspace on delete cascade,
    schema_name text not null,
    index_name text not null,
    message text not null,
    failed_at timestamptz not null default now(),
    primary key (schema_name, index_name)
  )`,
  `create index index_failure_workspace on stackhold.index_failure (workspace_id)`,

  // Imports that go on after their answer. The node that runs one says every few seconds that it still does.
  `create table stackhold.import_job (
    id text primary key,
    workspace_id int not null references stackhold.workspace on delete cascade,
    table_id int not null,
    status text not null default 'running' check (status in ('running', 'ok', 'error')),
    progress jsonb not null default '{}',
    result jsonb,
    error jsonb,
    started_at timestamptz not null default now(),
    seen_at timestamptz not null default now(),
    ended_at timestamptz
  )`,
  `create index import_job_workspace on stackhold.import_job (workspace_id)`,
  `create index import_job_seen_at on stackhold.import_job (seen_at)`,
]

/** What the server remembers of long work: index builds that failed, imports. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}
