/** The real tables behind table definitions: what a change means for them, and making it so. */
import type { Transaction } from '../db/client.js'
import { applyPlan, type DeferredIndex } from '../db/ddl/apply.js'
import type { PlanAction, TablePlan } from '../db/ddl/plan.js'
import { type PlanOptions, planRename, planTable } from '../db/ddl/plan-table.js'
import type { TableModel } from '../definitions/table.js'
import type { Definition } from '../lang/tree.js'
import type { Passwords } from '../runtime/capabilities.js'
import { modelOfTable } from './models.js'
import type { Entry, Proposal } from './proposal.js'
import { seedRows } from './seed.js'
import { listDatasources, listDefinitions } from './store.js'

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
  /** Creates and alters tables; after their definitions are stored. */
  alter(transaction: Transaction, ids: ReadonlyMap<Entry, number>, defer?: (build: DeferredIndex) => void): Promise<void>
}

/** Plans the tables of a proposal. A renamed column is never guessed: it comes in `renames`. */
export function planTables({ state, entries, removed }: Proposal, renames: readonly ColumnRename[] = [], planner?: TablePlanner): TableChanges {
  const options: PlanOptions = { workspaceId: state.workspace.id, datasources: state.datasources }
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
    async alter(transaction, ids, defer) {
      for (const [entry, plan] of plans)
        await applyPlan(transaction, { ...plan, definitionId: ids.get(entry) ?? plan.definitionId }, defer === undefined ? {} : { defer })
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
  /** Write `items` of tables that exist already, too. */
  records: boolean
  /** Takes index builds that wait for the commit. */
  defer?(build: DeferredIndex): void
}

/** Alters the tables, empties those that shall be empty, and writes the rows the documents bring. */
export async function applyTables(transaction: Transaction, proposal: Proposal, changes: TableChanges, options: ApplyTablesOptions): Promise<void> {
  await changes.alter(transaction, options.ids, options.defer)
  for (const entry of proposal.entries) {
    if (entry.kind !== 'table' || entry.action === 'keep') continue
    const table = modelOfTable({ id: options.ids.get(entry) ?? 0, guid: entry.guid, definition: entry.definition })
    const writes = entry.items !== null && (entry.row === null || options.records)
    if (writes || options.truncate.has(entry.name))
      await seedRows(transaction, options.passwords, proposal.state.workspace.id, table, {
        items: writes ? entry.items : null,
        truncate: options.truncate.has(entry.name),
      })
  }
}

const storedTables = async (transaction: Transaction, workspaceId: number): Promise<TableModel[]> =>
  (await listDefinitions(transaction, workspaceId)).filter((row) => row.kind === 'table').map(comparableModel)

/** Creates every table of the workspace, empty, in a new data source. */
export async function addDatasource(transaction: Transaction, workspaceId: number, datasource: string): Promise<void> {
  for (const table of await storedTables(transaction, workspaceId))
    await applyPlan(transaction, planTable(null, table, { workspaceId, datasources: [datasource] }))
}

/** Moves the tables of a data source to the bin. */
export async function dropDatasource(transaction: Transaction, workspaceId: number, datasource: string): Promise<void> {
  for (const table of await storedTables(transaction, workspaceId))
    await applyPlan(transaction, planTable(table, null, { workspaceId, datasources: [datasource] }))
}

/** Moves every table of a workspace to the bin. */
export async function dropWorkspaceTables(transaction: Transaction, workspaceId: number): Promise<void> {
  const datasources = (await listDatasources(transaction, workspaceId)).map((row) => row.label)
  for (const table of await storedTables(transaction, workspaceId)) await applyPlan(transaction, planTable(table, null, { workspaceId, datasources }))
}
