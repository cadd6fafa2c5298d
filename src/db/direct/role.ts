/**
 * The roles under which SQL of builders runs. Such a role owns one function that runs it, so that the SQL cannot take another role: Postgres
 * refuses that inside a function that runs as its owner. The role reaches the schemas of one workspace and nothing else.
 */
import { createHash } from 'node:crypto'
import { AppError } from '../../errors.js'
import { placeOf, quote, schemaName } from '../ddl/names.js'
import { sqlState } from '../failure.js'
import type { Queryable, Transaction } from '../queryable.js'

export type DirectMode = 'read' | 'write'

/** Roles belong to the whole server: the name tells the database, too. */
export const directRole = (database: string, workspaceId: number, mode: DirectMode, tablesOf: number | null = null): string =>
  `stackhold_${createHash('sha256').update(database).digest('hex').slice(0, 12)}_ws_${workspaceId}${branchMark(tablesOf)}_${mode}`

const branchMark = (tablesOf: number | null): string => (tablesOf === null ? '' : `b${tablesOf}`)

/** The function that runs statements under a role. */
export const directFunction = ({ workspaceId, tablesOf }: Pick<DirectScope, 'workspaceId' | 'tablesOf'>, mode: DirectMode): string =>
  quote(`ws_${workspaceId}${branchMark(tablesOf)}_sql`, `run_${mode}`)

/** What such a role reaches: the tables that branches share, or the own ones of one branch. */
export interface DirectScope {
  workspaceId: number
  tablesOf: number | null
  datasources: readonly string[]
}

type Base = Queryable & { withTransaction<T>(fn: (transaction: Transaction) => Promise<T>): Promise<T> }
const ready = new WeakMap<object, Set<string>>()

/** Makes role, function and grants once per process. Throws AppError `accessDenied` when the server's own user may not create roles. */
export async function ensureDirectRole(base: Base, scope: DirectScope, mode: DirectMode): Promise<void> {
  const done = ready.get(base) ?? new Set<string>()
  ready.set(base, done)
  const key = JSON.stringify([scope.workspaceId, scope.tablesOf, mode, ...scope.datasources])
  if (done.has(key)) return
  try {
    await base.withTransaction((transaction) => createRole(transaction, scope, mode))
  } catch (error) {
    if (sqlState(error) !== '42501') throw error
    throw new AppError('accessDenied', 'db.direct_query needs a role of its own, and the database user of Stackhold may not create roles.', {
      cause: error,
      hint: 'Give it CREATEROLE, or leave db.direct_query switched off.',
    })
  }
  done.add(key)
}

async function createRole(transaction: Transaction, scope: DirectScope, mode: DirectMode): Promise<void> {
  const { workspaceId, tablesOf, datasources } = scope
  await transaction.query(`select pg_advisory_xact_lock(hashtext('stackhold direct role'))`)
  const [row] = await transaction.query<{ name: string }>('select current_database() as name')
  const plain = directRole(row?.name ?? '', workspaceId, mode, tablesOf)
  const role = quote(plain)
  const [known] = await transaction.query('select 1 as found from pg_roles where rolname = $1', [plain])
  if (known === undefined) await transaction.query(`create role ${role} nologin noinherit`)
  await transaction.query(`grant ${role} to current_user`)
  const home = quote(`ws_${workspaceId}${branchMark(tablesOf)}_sql`)
  await transaction.query(`create schema if not exists ${home}`)
  await transaction.query(`revoke all on schema ${home} from public`)
  await transaction.query(runFunction(scope, mode))
  // The owner of a function needs the right to create it, for this moment only.
  await transaction.query(`grant usage, create on schema ${home} to ${role}`)
  await transaction.query(`alter function ${directFunction(scope, mode)}(text, text[], text[], text[]) owner to ${role}`)
  await transaction.query(`revoke create on schema ${home} from ${role}`)
  await transaction.query(`revoke all on function ${directFunction(scope, mode)}(text, text[], text[], text[]) from public`)
  for (const datasource of datasources) await grantSchema(transaction, role, schemaName(workspaceId, placeOf(datasource, tablesOf)), mode)
}

/** Tables made later are granted as they are made. A data source without tables has no schema yet. */
async function grantSchema(transaction: Transaction, role: string, name: string, mode: DirectMode): Promise<void> {
  const schema = quote(name)
  await transaction.query(`create schema if not exists ${schema}`)
  const rights = mode === 'read' ? 'select' : 'select, insert, update, delete'
  await transaction.query(`grant usage on schema ${schema} to ${role}`)
  await transaction.query(`grant ${rights} on all tables in schema ${schema} to ${role}`)
  await transaction.query(`alter default privileges in schema ${schema} grant ${rights} on tables to ${role}`)
  if (mode === 'write') {
    await transaction.query(`grant usage, select on all sequences in schema ${schema} to ${role}`)
    await transaction.query(`alter default privileges in schema ${schema} grant usage, select on sequences to ${role}`)
  }
}

/** Pieces and values alternate; Postgres itself quotes the values. A statement that returns no rows cannot be a cursor. */
const runFunction = (
  scope: DirectScope,
  mode: DirectMode,
): string => `create or replace function ${directFunction(scope, mode)}(home text, pieces text[], kinds text[], args text[])
returns setof json language plpgsql security definer as $$
declare
  statement text := pieces[1];
  found record;
  i int;
begin
  for i in 1 .. coalesce(array_length(kinds, 1), 0) loop
    statement := statement || case kinds[i] when 'name' then quote_ident(args[i]) else quote_nullable(args[i]) end || pieces[i + 1];
  end loop;
  perform set_config('search_path', quote_ident(home) || ', pg_temp', true);
  begin
    for found in execute statement loop return next row_to_json(found); end loop;
  exception when invalid_cursor_definition then execute statement;
  end;
end $$`
