/** Indexes that definitions ask for and that do not stand: what is known of them, and building them while others write. */
import type { Database } from '../client.js'
import type { Queryable } from '../queryable.js'
import { quote } from './names.js'

/** `building`: by some node at this moment. `missing`: not tried yet. */
export type IndexState = 'ready' | 'building' | 'failed' | 'missing'

/** An index of a definition in one data source. */
export interface WantedIndex {
  schema: string
  table: string
  name: string
  /** As its builder calls it: `unique(email)`. */
  label: string
  /** `create index concurrently …` */
  sql: string
  /** Statements that come first. */
  prelude: readonly string[]
}

export interface IndexStatus {
  state: IndexState
  /** Why it failed. */
  problem?: string
}

const timeoutMs = 3_600_000
/** Waiting for the builds of other nodes. */
const patienceMs = 600_000

interface Found {
  schema: string
  name: string
  valid: boolean
  building: boolean
}

const readFound = (db: Queryable, schemas: readonly string[]): Promise<Found[]> =>
  db.query<Found>(
    `select n.nspname as schema, c.relname as name, i.indisvalid and i.indisready as valid,
       exists (select from pg_stat_progress_create_index p where p.index_relid = i.indexrelid) as building
     from pg_index i join pg_class c on c.oid = i.indexrelid join pg_namespace n on n.oid = c.relnamespace where n.nspname = any($1)`,
    [schemas],
  )

const keyOf = ({ schema, name }: { schema: string; name: string }): string => `${schema}.${name}`

/** How each index stands, by `schema.name`. */
export async function readIndexStates(db: Queryable, wanted: readonly WantedIndex[]): Promise<Map<string, IndexStatus>> {
  const schemas = [...new Set(wanted.map(({ schema }) => schema))]
  if (schemas.length === 0) return new Map()
  const found = new Map((await readFound(db, schemas)).map((index) => [keyOf(index), index]))
  const failures = await db.query<{ schema: string; name: string; message: string }>(
    'select schema_name as schema, index_name as name, message from stackhold.index_failure where schema_name = any($1)',
    [schemas],
  )
  const problems = new Map(failures.map((failure) => [keyOf(failure), failure.message]))
  return new Map(wanted.map((index) => [keyOf(index), statusOf(found.get(keyOf(index)), problems.get(keyOf(index)))]))
}

function statusOf(found: Found | undefined, problem: string | undefined): IndexStatus {
  if (found?.valid === true) return { state: 'ready' }
  if (found?.building === true) return { state: 'building' }
  if (found === undefined && problem === undefined) return { state: 'missing' }
  return { state: 'failed', problem: problem ?? 'The build was interrupted.' }
}

/** Builds what does not stand, after taking away what a broken-off build left; one node at a time. What still failed, for people; it is tried again at the next change and at every start. */
export async function repairIndexes(
  db: Pick<Database, 'query' | 'execute' | 'notify' | 'kysely' | 'runLong' | 'withLock'>,
  workspaceId: number,
  readWanted: () => Promise<readonly WantedIndex[]>,
): Promise<string[]> {
  if ((await unready(db, await readWanted())).length === 0) return []
  const problems = await db.withLock('index builds', patienceMs, async () => {
    const wanted = await readWanted()
    await forgetOthers(db, workspaceId, wanted)
    const failed: string[] = []
    for (const index of await unready(db, wanted)) {
      const problem = await build(db, workspaceId, index)
      if (problem !== null) failed.push(`Index ${index.label} of table "${index.table}" could not be built: ${problem}`)
    }
    return failed
  })
  return problems ?? ['Another server is building indexes; those of this change follow when it starts again, or with the next change.']
}

async function unready(db: Queryable, wanted: readonly WantedIndex[]): Promise<WantedIndex[]> {
  const states = await readIndexStates(db, wanted)
  return wanted.filter((index) => states.get(keyOf(index))?.state !== 'ready')
}

/** The problem, or null. */
async function build(db: Pick<Database, 'query' | 'runLong'>, workspaceId: number, index: WantedIndex): Promise<string | null> {
  // What a failed build leaves behind is no index, but costs every write.
  const clear = (): Promise<void> => db.runLong(`drop index concurrently if exists ${quote(index.schema, index.name)}`, timeoutMs)
  try {
    await clear()
    for (const statement of index.prelude) await db.query(statement)
    await db.runLong(index.sql, timeoutMs)
    await db.query('delete from stackhold.index_failure where schema_name = $1 and index_name = $2', [index.schema, index.name])
    return null
  } catch (error) {
    await clear().catch(() => {})
    const message = error instanceof Error ? error.message : String(error)
    await db.query(
      `insert into stackhold.index_failure (workspace_id, schema_name, index_name, message) values ($1, $2, $3, $4)
       on conflict (schema_name, index_name) do update set message = excluded.message, failed_at = now()`,
      [workspaceId, index.schema, index.name, message],
    )
    return message
  }
}

/** Failures of indexes that no definition asks for any more. */
async function forgetOthers(db: Queryable, workspaceId: number, wanted: readonly WantedIndex[]): Promise<void> {
  await db.query(`delete from stackhold.index_failure where workspace_id = $1 and schema_name || '.' || index_name <> all($2)`, [
    workspaceId,
    wanted.map(keyOf),
  ])
}
