/** What workspaces and branches leave behind when they are gone: schemas, roles, bins. */
import type { Queryable, Transaction } from '../queryable.js'
import { doBlock } from './do-block.js'
import { quote } from './names.js'

/** Places of a whole workspace, or only those of one branch with tables of its own. */
const placePattern = (workspaceId: number, branchId: number | null): string =>
  `ws_${Math.trunc(workspaceId)}${branchId === null ? '(b[0-9]+)?' : `b${Math.trunc(branchId)}`}`

/** Drops the schemas in which nothing is any more, and the roles that reached them. The bin stays. */
export async function forgetPlaces(transaction: Transaction, workspaceId: number, branchId: number | null = null): Promise<void> {
  const places = placePattern(workspaceId, branchId)
  const empty = await transaction.query<{ name: string }>(
    `select nspname as name from pg_namespace n where nspname ~ $1 and nspname !~ '^ws_[0-9]+_bin$' and not exists (select from pg_class c where c.relnamespace = n.oid)`,
    [`^${places}_`],
  )
  for (const { name } of empty) await transaction.query(`drop schema ${quote(name)} cascade`)
  await transaction.query(dropRoles(`_${places}_(read|write|rules)$`))
}

/** Roles belong to the whole server: one that another database uses, or that is not ours to drop, stays. */
const dropRoles = (pattern: string): string =>
  doBlock(`declare who text; begin
  for who in select rolname from pg_roles where rolname ~ ('^stackhold_' || left(encode(sha256(convert_to(current_database(), 'UTF8')), 'hex'), 12) || '${pattern}')
  loop
    begin
      execute format('drop owned by %I', who);
      execute format('drop role %I', who);
    exception when insufficient_privilege or dependent_objects_still_exist then null;
    end;
  end loop; end`)

/** Drops every schema of a workspace, what the bin keeps of it, and its request history. It does not come back. */
export async function forgetWorkspaceData(transaction: Transaction, workspaceId: number): Promise<void> {
  const schemas = await transaction.query<{ name: string }>('select nspname as name from pg_namespace where nspname ~ $1', [
    `^${placePattern(workspaceId, null)}_`,
  ])
  for (const { name } of schemas) await transaction.query(`drop schema ${quote(name)} cascade`)
  await transaction.query('delete from stackhold.table_bin where workspace_id = $1', [workspaceId])
  await transaction.query('delete from stackhold.request_history where workspace_id = $1', [workspaceId])
}

/** Drops the bins of workspaces that are gone, once nothing is in them. */
export async function forgetEmptyBins(db: Queryable): Promise<void> {
  const bins = await db.query<{ name: string }>(
    `select nspname as name from pg_namespace n where nspname ~ '^ws_[0-9]{1,9}_bin$'
       and not exists (select from stackhold.workspace w where w.id = substring(n.nspname from '^ws_([0-9]+)_bin$')::int)
       and not exists (select from stackhold.table_bin b where b.bin_schema = n.nspname)
       and not exists (select from pg_class c where c.relnamespace = n.oid)`,
  )
  for (const { name } of bins) await db.query(`drop schema if exists ${quote(name)}`)
}
