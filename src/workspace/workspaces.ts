/** Making workspaces, and what a fresh instance starts with. */
import type { Database, Queryable } from '../db/client.js'
import { createGuid } from '../definitions/guid.js'
import type { Definition } from '../lang/tree.js'
import { applyChange, type ChangeContext } from './change.js'
import { modelOfTable } from './models.js'
import { insertBranch, insertDefinition, insertWorkspace, isInstanceReady, listWorkspaces, markInstanceReady } from './store.js'
import { authenticationEndpoints } from './templates/authentication.js'
import { authenticationGroup, userTable } from './templates/user-table.js'

export const liveBranch = 'v1'
export const liveDatasource = 'live'

/** A settings document without settings. */
const settingsDocument = (kind: 'workspace' | 'branch', name: string): Definition => ({ kind, name, headAttributes: [], attributes: [], tests: [], groups: [] })

/** An empty workspace with its live branch and data source. */
export async function createWorkspace(db: Queryable, values: { name: string; description: string }): Promise<number> {
  const guid = createGuid()
  const id = await insertWorkspace(db, { ...values, guid })
  await db.kysely.insertInto('datasource').values({ workspace_id: id, label: liveDatasource }).execute()
  await insertDefinition(db, {
    kind: 'workspace',
    name: '',
    parent: '',
    verb: '',
    guid,
    canonical: null,
    definition: settingsDocument('workspace', values.name),
    workspaceId: id,
    branchId: null,
  })
  await createBranch(db, id, { label: liveBranch, live: true })
  return id
}

/** An empty branch. */
export async function createBranch(
  db: Queryable,
  workspaceId: number,
  values: { label: string; description?: string; color?: string; live: boolean },
): Promise<number> {
  const branchId = await insertBranch(db, { workspace_id: workspaceId, ...values })
  await insertDefinition(db, {
    kind: 'branch',
    name: '',
    parent: '',
    verb: '',
    guid: createGuid(),
    canonical: null,
    definition: settingsDocument('branch', values.label),
    workspaceId,
    branchId,
  })
  return branchId
}

/**
 * On the first start: workspace 1 with branch `v1`, a table of users and the API group that signs them up and in.
 * A start that broke off half-way is finished; nodes that start together do it once.
 */
export async function ensureInstance(db: Database, context: ChangeContext, name = 'Stackhold'): Promise<{ created: boolean }> {
  const workspaceId = await db.withTransaction(async (transaction) => {
    if (await isInstanceReady(transaction)) return null
    const [found] = await listWorkspaces(transaction)
    return found?.id ?? createWorkspace(transaction, { name, description: '' })
  })
  if (workspaceId === null) return { created: false }
  await context.live.refresh(workspaceId)
  const workspace = context.live.current.workspaces.get(workspaceId)
  // A builder's own tables are not touched, whatever they are called.
  if (workspace === undefined || workspace.tables.size === 0) await installAuthentication(context, workspaceId)
  await markInstanceReady(db)
  return { created: true }
}

/** The user table and the authentication group, as documents a builder could have written. */
async function installAuthentication(context: ChangeContext, workspaceId: number): Promise<void> {
  const table = userTable()
  const group = authenticationGroup()
  const endpoints = authenticationEndpoints({ table: modelOfTable({ id: 0, guid: '', definition: table }), group: group.name })
  const documents = [table, group, ...endpoints].map((definition) => ({ definition, source: null }))
  await applyChange(context, { workspaceId, branch: null, documents, author: 'stackhold' })
}
