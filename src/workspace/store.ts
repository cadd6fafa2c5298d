/** Reads and writes definitions and what holds them. Every change of a definition keeps the version it replaces. */
import { sql } from 'kysely'
import type { Queryable } from '../db/client.js'
import type { Identity } from '../definitions/identity.js'
import { AppError } from '../errors.js'
import type { Definition } from '../lang/tree.js'

export interface WorkspaceSettings {
  /** Pushes are refused when false. */
  allow_push: boolean
  /** The workspace-wide OpenAPI document is served. */
  swagger: boolean
  documentation: { require_token: boolean; token: string }
}

export interface WorkspaceRow {
  id: number
  name: string
  description: string
  guid: string
  settings: WorkspaceSettings
  createdAt: number
  updatedAt: number
}

export interface BranchRow {
  id: number
  workspaceId: number
  label: string
  description: string
  color: string
  live: boolean
  backup: boolean
  /** Its tables are its own; the others share theirs. */
  ownTables: boolean
  createdAt: number
}

export interface DatasourceRow {
  label: string
  color: string
}

/** A stored definition; its JSON holds neither guid nor positions. */
export interface DefinitionRow extends Identity {
  id: number
  workspaceId: number
  /** Null for constructs all branches share. */
  branchId: number | null
  guid: string
  canonical: string | null
  definition: Definition
  version: number
  createdAt: number
  updatedAt: number
}

export interface DefinitionValues extends Identity {
  workspaceId: number
  branchId: number | null
  guid: string
  canonical: string | null
  definition: Definition
}

const settingsOf = (stored: object): WorkspaceSettings => {
  const given = stored as Partial<WorkspaceSettings>
  return {
    allow_push: given.allow_push ?? true,
    swagger: given.swagger ?? false,
    documentation: { require_token: given.documentation?.require_token ?? true, token: given.documentation?.token ?? '' },
  }
}

export async function listWorkspaces(db: Queryable): Promise<WorkspaceRow[]> {
  const rows = await db.kysely.selectFrom('workspace').selectAll().orderBy('id').execute()
  return rows.map(({ created_at, updated_at, settings, ...row }) => ({ ...row, settings: settingsOf(settings), createdAt: created_at, updatedAt: updated_at }))
}

export async function findWorkspace(db: Queryable, id: number): Promise<WorkspaceRow | undefined> {
  const row = await db.kysely.selectFrom('workspace').selectAll().where('id', '=', id).executeTakeFirst()
  if (row === undefined) return undefined
  const { created_at, updated_at, settings, ...rest } = row
  return { ...rest, settings: settingsOf(settings), createdAt: created_at, updatedAt: updated_at }
}

/** Throws `notFound` when there is no such workspace. */
export async function getWorkspace(db: Queryable, id: number): Promise<WorkspaceRow> {
  const row = await findWorkspace(db, id)
  if (row === undefined) throw new AppError('notFound', `Workspace ${id} does not exist.`)
  return row
}

export async function insertWorkspace(db: Queryable, values: { name: string; description: string; guid: string }): Promise<number> {
  const row = await db.kysely.insertInto('workspace').values(values).returning('id').executeTakeFirstOrThrow()
  return row.id
}

export async function updateWorkspace(
  db: Queryable,
  id: number,
  values: Partial<Pick<WorkspaceRow, 'name' | 'description' | 'guid' | 'settings'>>,
): Promise<void> {
  const { settings, ...rest } = values
  const set = { ...rest, ...(settings === undefined ? {} : { settings: JSON.stringify(settings) }), updated_at: new Date() }
  await db.kysely.updateTable('workspace').set(set).where('id', '=', id).execute()
}

export async function deleteWorkspace(db: Queryable, id: number): Promise<void> {
  await db.kysely.deleteFrom('workspace').where('id', '=', id).execute()
}

export async function listBranches(db: Queryable, workspaceId: number): Promise<BranchRow[]> {
  const rows = await db.kysely.selectFrom('branch').selectAll().where('workspace_id', '=', workspaceId).orderBy('id').execute()
  return rows.map(({ workspace_id, created_at, own_tables, ...row }) => ({ ...row, workspaceId: workspace_id, ownTables: own_tables, createdAt: created_at }))
}

/** The branch of that label; `""` and null name the live one. Throws `notFound`. */
export async function getBranch(db: Queryable, workspaceId: number, label: string | null): Promise<BranchRow> {
  const branches = await listBranches(db, workspaceId)
  const branch = branches.find((candidate) => (label === null || label === '' ? candidate.live : candidate.label === label))
  if (branch === undefined)
    throw new AppError('notFound', `Branch "${label ?? 'live'}" does not exist.`, { hint: `Branches: ${branches.map((one) => one.label).join(', ')}.` })
  return branch
}

export async function insertBranch(
  db: Queryable,
  values: { workspace_id: number; label: string; description?: string; color?: string; live: boolean; own_tables?: boolean },
): Promise<number> {
  const row = await db.kysely.insertInto('branch').values(values).returning('id').executeTakeFirstOrThrow()
  return row.id
}

export async function updateBranch(db: Queryable, id: number, values: { label?: string; description?: string; color?: string }): Promise<void> {
  if (Object.keys(values).length > 0) await db.kysely.updateTable('branch').set(values).where('id', '=', id).execute()
}

/** Makes it the branch that answers requests which name none. */
export async function setLiveBranch(db: Queryable, workspaceId: number, id: number): Promise<void> {
  await db.kysely.updateTable('branch').set({ live: false }).where('workspace_id', '=', workspaceId).where('live', '=', true).execute()
  await db.kysely.updateTable('branch').set({ live: true }).where('id', '=', id).execute()
}

export async function deleteBranch(db: Queryable, id: number): Promise<void> {
  await db.kysely.deleteFrom('branch').where('id', '=', id).execute()
}

/** The data sources that a workspace has. Each branch with tables of its own has them all, in places of their own. */
export async function listDatasources(db: Queryable, workspaceId: number): Promise<DatasourceRow[]> {
  return db.kysely
    .selectFrom('datasource')
    .select(['label', 'color'])
    .where('workspace_id', '=', workspaceId)
    .where('branch_id', 'is', null)
    .orderBy('created_at')
    .orderBy('label')
    .execute()
}

export const insertDatasource = async (db: Queryable, workspaceId: number, { label, color }: DatasourceRow): Promise<void> =>
  void (await db.kysely.insertInto('datasource').values({ workspace_id: workspaceId, label, color }).execute())

/** Undefined when there is no such data source. */
export const updateDatasource = (db: Queryable, workspaceId: number, label: string, color: string): Promise<DatasourceRow | undefined> =>
  db.kysely
    .updateTable('datasource')
    .set({ color })
    .where('workspace_id', '=', workspaceId)
    .where('label', '=', label)
    .returning(['label', 'color'])
    .executeTakeFirst()

export const deleteDatasource = async (db: Queryable, workspaceId: number, label: string): Promise<void> =>
  void (await db.kysely.deleteFrom('datasource').where('workspace_id', '=', workspaceId).where('label', '=', label).execute())

const toRow = (row: {
  id: number
  workspace_id: number
  branch_id: number | null
  kind: string
  name: string
  parent: string
  verb: string
  guid: string
  canonical: string | null
  definition: object
  version: number
  created_at: number
  updated_at: number
}): DefinitionRow => ({
  id: row.id,
  workspaceId: row.workspace_id,
  branchId: row.branch_id,
  kind: row.kind,
  name: row.name,
  parent: row.parent,
  verb: row.verb,
  guid: row.guid,
  canonical: row.canonical,
  definition: row.definition as Definition,
  version: row.version,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
})

/** Every definition of a workspace, in the order of creation; of one branch and the shared ones when `branchId` is given. */
export async function listDefinitions(db: Queryable, workspaceId: number, branchId?: number): Promise<DefinitionRow[]> {
  let query = db.kysely.selectFrom('definition').selectAll().where('workspace_id', '=', workspaceId).orderBy('id')
  if (branchId !== undefined) {
    const owns = sql<boolean>`exists (select from stackhold.branch as b where b.id = ${branchId} and b.own_tables)`
    const shared = sql<boolean>`branch_id is null and not (kind = 'table' and ${owns})`
    query = query.where((where) => where.or([shared, where('branch_id', '=', branchId)]))
  }
  return (await query.execute()).map(toRow)
}

/** The tables that the branches of a workspace share, and the own ones of branches. */
export async function listAllTables(db: Queryable, workspaceId: number): Promise<DefinitionRow[]> {
  const rows = await db.kysely.selectFrom('definition').selectAll().where('workspace_id', '=', workspaceId).where('kind', '=', 'table').orderBy('id').execute()
  return rows.map(toRow)
}

/** Who uses a canonical, in any workspace. */
export async function findCanonicals(db: Queryable, canonicals: readonly string[]): Promise<{ canonical: string; workspaceId: number }[]> {
  if (canonicals.length === 0) return []
  const rows = await db.kysely
    .selectFrom('definition')
    .select(['canonical', 'workspace_id'])
    .where('canonical', 'in', [...canonicals])
    .execute()
  return rows.flatMap((row) => (row.canonical === null ? [] : [{ canonical: row.canonical, workspaceId: row.workspace_id }]))
}

export async function insertDefinition(db: Queryable, values: DefinitionValues, author = ''): Promise<number> {
  const { workspaceId, branchId, definition, ...rest } = values
  const json = JSON.stringify(definition)
  const row = await db.kysely
    .insertInto('definition')
    .values({ ...rest, workspace_id: workspaceId, branch_id: branchId, definition: json })
    .returning('id')
    .executeTakeFirstOrThrow()
  await db.kysely.insertInto('definition_version').values({ definition_id: row.id, version: 1, definition: json, author }).execute()
  return row.id
}

/** Replaces a definition and keeps the new text as its next version. */
export async function updateDefinition(
  db: Queryable,
  row: DefinitionRow,
  values: Partial<Omit<DefinitionValues, 'workspaceId' | 'branchId'>>,
  author = '',
): Promise<void> {
  const { definition = row.definition, ...rest } = values
  const json = JSON.stringify(definition)
  const version = row.version + 1
  await db.kysely
    .updateTable('definition')
    .set({ ...rest, definition: json, version, updated_at: new Date() })
    .where('id', '=', row.id)
    .execute()
  await db.kysely.insertInto('definition_version').values({ definition_id: row.id, version, definition: json, author }).execute()
}

/** Gives up its name, guid and canonical until it gets its new ones later in the same transaction. */
export async function parkDefinition(db: Queryable, id: number): Promise<void> {
  await db.kysely
    .updateTable('definition')
    .set({ name: `#${id}`, guid: `#${id}`, canonical: null })
    .where('id', '=', id)
    .execute()
}

/** Label of the branch a definition is part of; undefined when all branches share it or there is none. */
export async function findBranchOf(db: Queryable, workspaceId: number, id: number): Promise<string | undefined> {
  const row = await db.kysely
    .selectFrom('definition')
    .innerJoin('branch', 'branch.id', 'definition.branch_id')
    .select('branch.label')
    .where('definition.id', '=', id)
    .where('definition.workspace_id', '=', workspaceId)
    .executeTakeFirst()
  return row?.label
}

/** Stores the lines a reformatted file has now; nothing else differs, so it is no version. */
export async function updateLines(db: Queryable, id: number, definition: Definition): Promise<void> {
  await db.kysely
    .updateTable('definition')
    .set({ definition: JSON.stringify(definition) })
    .where('id', '=', id)
    .execute()
}

export async function deleteDefinitions(db: Queryable, ids: readonly number[]): Promise<void> {
  if (ids.length > 0)
    await db.kysely
      .deleteFrom('definition')
      .where('id', 'in', [...ids])
      .execute()
}

const instanceKey = 'instance'

/** Whether the first start has been finished; locks out other nodes that start at the same time until the transaction ends. */
export async function isInstanceReady(transaction: Queryable): Promise<boolean> {
  await sql`lock table stackhold.setting in share row exclusive mode`.execute(transaction.kysely)
  const row = await transaction.kysely.selectFrom('setting').select('key').where('key', '=', instanceKey).executeTakeFirst()
  return row !== undefined
}

export async function markInstanceReady(db: Queryable): Promise<void> {
  await db.kysely
    .insertInto('setting')
    .values({ key: instanceKey, value: JSON.stringify({ ready: true }) })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
}

/** One change of a workspace at a time, on whichever node: held until the transaction ends. */
export async function lockWorkspace(transaction: Queryable, id: number): Promise<void> {
  await transaction.kysely.selectFrom('workspace').select('id').where('id', '=', id).forUpdate().execute()
}
