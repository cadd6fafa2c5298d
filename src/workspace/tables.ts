/** The real tables behind table definitions: what a change means for them, and making it so. */
import type { Transaction } from '../db/client.js'
import { applyPlan, runChecks } from '../db/ddl/apply.js'
import { forgetPlaces } from '../db/ddl/forget.js'
import { placeOf } from '../db/ddl/names.js'
import type { PlanAction, TablePlan } from '../db/ddl/plan.js'
import { type PlanOptions, planRename, planTable } from '../db/ddl/plan-table.js'
import { referenceChecks } from '../db/ddl/references.js'
import { readExtensions } from '../db/extensions.js'
import type { TableModel } from '../definitions/table.js'
import type { Definition } from '../lang/tree.js'
import type { Passwords, Vault } from '../runtime/capabilities.js'
import { modelOfTable } from './models.js'
import type { Entry, Proposal } from './proposal.js'
import { seedRows } from './seed.js'
import { tablesOf } from './state.js'
import { listAllTables, listBranches, listDatasources } from './store.js'

export interface TableOperation {
  action: PlanAction
  details: string
  reason: string
}

export interface ColumnRename {
  tableId: number
  from: string
  to: string
}

/** Plans a table in place of the usual comparison: one that stands already. Null = as usual. */
export type TablePlanner = (before: TableModel | null, after: TableModel, options: PlanOptions) => TablePlan | null

export interface TableChanges {
  /** What happens to a table, for people. */
  operationsOf(entry: Entry): readonly TableOperation[]
  /** What was not done and why. */
  readonly notes: readonly string[]
  /** Moves removed tables to the bin; before their definitions go. */
  drop(transaction: Transaction): Promise<void>
  /** Creates and alters tables; after their definitions are stored. Indexes over many rows wait for `repairIndexes`. */
  alter(transaction: Transaction, ids: ReadonlyMap<Entry, number>, vault: Vault): Promise<void>
}

/** Plans the tables of a proposal. A renamed column is never guessed: it comes in `renames`. */
export function planTables({ state, entries, removed }: Proposal, renames: readonly ColumnRename[] = [], planner?: TablePlanner): TableChanges {
  const options: PlanOptions = { workspaceId: state.workspace.id, datasources: state.datasources, extensions: state.extensions }
  const plans = new Map<Entry, TablePlan>()
  for (const entry of entries)
    if (entry.kind === 'table' && (entry.action === 'create' || entry.action === 'update')) plans.set(entry, planEntry(entry, renames, options, planner))
  const drops = removed.filter(({ row }) => row.kind === 'table').map(({ row }) => planTable(comparableModel(row), null, options))
  return {
    operationsOf: (entry) => plans.get(entry)?.operations ?? [],
    notes: [...plans.values()].flatMap((plan) => plan.notes),
    async drop(transaction) {
      for (const plan of drops) await applyPlan(transaction, plan)
    },
    async alter(transaction, ids, vault) {
      for (const [entry, plan] of plans) await applyPlan(transaction, { ...plan, definitionId: ids.get(entry) ?? plan.definitionId }, { defer: true, vault })
    },
  }
}

function planEntry(entry: Entry, renames: readonly ColumnRename[], options: PlanOptions, planner?: TablePlanner): TablePlan {
  const after = comparableModel({ id: entry.row?.id ?? 0, guid: entry.guid, definition: entry.definition })
  const before = entry.row === null ? null : comparableModel(entry.row)
  const planned = planner?.(before, after, options) ?? null
  if (planned !== null) return planned
  if (before === null) return planTable(null, after, options)
  const rename = renames.find((candidate) => candidate.tableId === entry.row?.id)
  return rename === undefined ? planTable(before, after, options) : planRename(before, after, rename.from, rename.to, options)
}

/** Postgres gives the members of a stored definition back in its own order; models are compared as text. */
export const comparableModel = (table: { id: number; guid: string; definition: Definition }): TableModel =>
  modelOfTable({ ...table, definition: sortKeys(table.definition) as Definition })

function sortKeys(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(sortKeys)
  if (typeof node !== 'object' || node === null) return node
  return Object.fromEntries(
    Object.keys(node)
      .sort()
      .map((key) => [key, sortKeys((node as Record<string, unknown>)[key])]),
  )
}

export interface ApplyTablesOptions {
  ids: ReadonlyMap<Entry, number>
  /** Names of the tables to empty. */
  truncate: ReadonlySet<string>
  passwords: Passwords
  /** Seals encrypted columns in the rows documents bring. */
  vault: Vault
  /** Write `items` of tables that exist already, too. */
  records: boolean
  /** False: new tables bring their rows with them; default true. */
  seed?: boolean
}

/** Alters the tables, empties those that shall be empty, and writes the rows the documents bring. */
export async function applyTables(transaction: Transaction, proposal: Proposal, changes: TableChanges, options: ApplyTablesOptions): Promise<void> {
  await changes.alter(transaction, options.ids, options.vault)
  for (const entry of proposal.entries) {
    if (entry.kind !== 'table' || entry.action === 'keep') continue
    const table = modelOfTable({ id: options.ids.get(entry) ?? 0, guid: entry.guid, definition: entry.definition })
    const writes = entry.items !== null && ((entry.row === null && options.seed !== false) || options.records)
    if (writes || options.truncate.has(entry.name))
      await seedRows(transaction, options, { workspaceId: proposal.state.workspace.id, tablesOf: tablesOf(proposal.state.branch) }, table, {
        items: writes ? entry.items : null,
        truncate: options.truncate.has(entry.name),
      })
  }
  await checkReferences(transaction, proposal)
}

interface StoredTable {
  model: TableModel
  /** The branch it is an own table of. */
  branchId: number | null
}

/** A column can become a foreign key only when every value has its row: those of the same change included. */
async function checkReferences(transaction: Transaction, { state, entries, renames }: Proposal): Promise<void> {
  const renamed = new Map(renames.flatMap(({ kind, from, to }) => (kind === 'table' ? [[from, to] as const] : [])))
  const options = { workspaceId: state.workspace.id, datasources: state.datasources, renamed }
  for (const { kind, action, row, guid, definition, name } of entries) {
    if (kind !== 'table' || action !== 'update' || row === null) continue
    await runChecks(transaction, name, referenceChecks(modelOfTable(row), modelOfTable({ id: row.id, guid, definition }), options))
  }
}

const storedTables = async (transaction: Transaction, workspaceId: number): Promise<StoredTable[]> =>
  (await listAllTables(transaction, workspaceId)).map((row) => ({ model: comparableModel(row), branchId: row.branchId }))

/** Creates every table of the workspace, empty, in a new data source; those of branches in one of their own. */
export async function addDatasource(transaction: Transaction, workspaceId: number, datasource: string): Promise<void> {
  const extensions = await readExtensions(transaction)
  const apart = (await listBranches(transaction, workspaceId)).filter(({ ownTables }) => ownTables)
  for (const { id } of apart) await insertPlace(transaction, workspaceId, datasource, id)
  for (const { model, branchId } of await storedTables(transaction, workspaceId))
    await applyPlan(transaction, planTable(null, model, { workspaceId, datasources: [placeOf(datasource, branchId)], extensions }))
}

const insertPlace = (transaction: Transaction, workspaceId: number, datasource: string, branchId: number): Promise<unknown> =>
  transaction.kysely
    .insertInto('datasource')
    .values({ workspace_id: workspaceId, label: placeOf(datasource, branchId), branch_id: branchId })
    .execute()

/** Gives a new branch empty tables of its own, in every data source: call it when their definitions are stored. */
export async function addBranchTables(transaction: Transaction, workspaceId: number, branchId: number): Promise<void> {
  const extensions = await readExtensions(transaction)
  const labels = (await listDatasources(transaction, workspaceId)).map(({ label }) => label)
  for (const label of labels) await insertPlace(transaction, workspaceId, label, branchId)
  const datasources = labels.map((label) => placeOf(label, branchId))
  for (const table of await storedTables(transaction, workspaceId))
    if (table.branchId === branchId) await applyPlan(transaction, planTable(null, table.model, { workspaceId, datasources, extensions }))
}

/** Moves the own tables of a branch to the bin. */
export async function dropBranchTables(transaction: Transaction, workspaceId: number, branchId: number): Promise<void> {
  const datasources = (await listDatasources(transaction, workspaceId)).map(({ label }) => placeOf(label, branchId))
  for (const table of await storedTables(transaction, workspaceId))
    if (table.branchId === branchId) await applyPlan(transaction, planTable(table.model, null, { workspaceId, datasources }))
  await forgetPlaces(transaction, workspaceId, branchId)
}

/** Moves the tables of a data source to the bin. */
export async function dropDatasource(transaction: Transaction, workspaceId: number, datasource: string): Promise<void> {
  for (const { model, branchId } of await storedTables(transaction, workspaceId))
    await applyPlan(transaction, planTable(model, null, { workspaceId, datasources: [placeOf(datasource, branchId)] }))
  await transaction.kysely
    .deleteFrom('datasource')
    .where('workspace_id', '=', workspaceId)
    .where('label', 'like', `${likeText(datasource)}@%`)
    .execute()
}

const likeText = (text: string): string => text.replace(/[\\%_]/g, '\\$&')

/** Moves every table of a workspace to the bin. */
export async function dropWorkspaceTables(transaction: Transaction, workspaceId: number): Promise<void> {
  const labels = (await listDatasources(transaction, workspaceId)).map((row) => row.label)
  for (const { model, branchId } of await storedTables(transaction, workspaceId))
    await applyPlan(transaction, planTable(model, null, { workspaceId, datasources: labels.map((label) => placeOf(label, branchId)) }))
}
