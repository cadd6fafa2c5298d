/** Brings back what a change dropped: a column into its table, a table with its definition, or one data source's rows. */
import type { Transaction } from '../db/client.js'
import { applyPlan } from '../db/ddl/apply.js'
import { type DroppedThing, moveColumnEntries, takeFromBin } from '../db/ddl/bin.js'
import { datasourceOf, placeOf } from '../db/ddl/names.js'
import { planRestoredColumn, planRestoredTable } from '../db/ddl/plan-restore.js'
import { planTable } from '../db/ddl/plan-table.js'
import { readExtensions } from '../db/extensions.js'
import { withGuid } from '../definitions/guid.js'
import type { ColumnModel, TableModel } from '../definitions/table.js'
import { tableToDefinition, withSchema } from '../definitions/table-json.js'
import { AppError } from '../errors.js'
import { applyChange, type ChangeContext } from './change.js'
import type { IncomingDocument } from './proposal.js'
import { tablesOf } from './state.js'
import { type BranchRow, type DefinitionRow, listAllTables, listBranches, listDatasources, lockWorkspace } from './store.js'
import { comparableModel } from './tables.js'

export interface Restored {
  kind: 'table' | 'column'
  /** Id of the table's definition. */
  table_id: number
  table: string
  column: string | null
  datasources: string[]
  /** Label of the branch into whose own tables it came; null: into those that branches share. */
  branch: string | null
}

export interface RestoreRequest {
  workspaceId: number
  /** Id of the entry. */
  id: number
  /** Where a table comes to, by the label of a branch; null: where it was. */
  branch: string | null
  author: string
}

/** Throws `notFound` for an unknown entry, `conflict` when its name is taken or its branch is gone. */
export async function restore(context: ChangeContext, { workspaceId, id, branch, author }: RestoreRequest): Promise<Restored> {
  const { thing, row, home } = await context.db.withTransaction(async (transaction) => look(transaction, workspaceId, id, branch))
  const outcome = (tableId: number, table: string): Restored => ({
    kind: thing.kind,
    table_id: tableId,
    table,
    column: thing.column,
    datasources: thing.places.map(({ datasource }) => datasourceOf(datasource).label),
    branch: home.ownTables ? home.label : null,
  })
  if (thing.kind === 'table' && row !== undefined) {
    await restoreRows(context, { workspaceId, id, author }, row, home)
    return outcome(row.id, row.name)
  }
  if (thing.kind === 'column' && row === undefined)
    throw new AppError('conflict', `The table "${thing.table}" of this column is gone.`, { hint: 'Restore the table first; its columns come back with it.' })
  const document = row === undefined ? tableDocument(thing.definition as TableModel) : columnDocument(row, thing.definition as ColumnModel)
  const { saved } = await applyChange(context, {
    workspaceId,
    branch: home.label,
    documents: [document],
    seed: false,
    author,
    async before(transaction) {
      await takeFromBin(transaction, id, workspaceId)
    },
    planner: (before, after, options) => {
      if (before === null) return planRestoredTable(after, after, thing, options)
      return before.id === row?.id ? planRestoredColumn(before, after, thing, options) : null
    },
  })
  const tableId = saved[0]?.id ?? 0
  // Columns dropped before the table was are restorable again, too, where it is now.
  await moveColumnEntries(context.db, { workspaceId, from: thing.definitionId, to: tableId, tablesOf: tablesOf(home) })
  return outcome(tableId, document.definition.name)
}

interface Found {
  /** Its places are those it comes back to. */
  thing: DroppedThing
  /** The table as it is now. */
  row: DefinitionRow | undefined
  /** The branch it comes back to, or one of those that share it. */
  home: BranchRow
}

/** What the entry is, its table and its branch; nothing is taken yet. */
async function look(transaction: Transaction, workspaceId: number, binId: number, wanted: string | null): Promise<Found> {
  let taken: DroppedThing | undefined
  // A savepoint that is undone: reading the entry and taking it are one statement.
  const undo = new Error('undo')
  await transaction
    .withTransaction(async (inner) => {
      taken = await takeFromBin(inner, binId, workspaceId)
      throw undo
    })
    .catch((error: unknown) => {
      if (error !== undo) throw error
    })
  const found = taken as DroppedThing | undefined
  if (found === undefined) throw new AppError('notFound', 'Nothing in the bin has this id.')
  const was = datasourceOf(found.places[0]?.datasource ?? '').tablesOf
  const home = homeOf(await listBranches(transaction, workspaceId), was, wanted)
  if (found.kind === 'column' && tablesOf(home) !== was)
    throw new AppError('conflict', 'A column comes back into the table it was dropped from.', { hint: 'Leave the branch out.' })
  if (found.kind === 'table') await assertDatasources(transaction, workspaceId, found)
  const rows = (await listAllTables(transaction, workspaceId)).filter(({ branchId }) => branchId === tablesOf(home))
  const guid = (found.definition as { guid?: string } | null)?.guid
  return {
    thing: settled(found, home),
    row: rows.find((one) => one.id === found.definitionId) ?? (found.kind === 'table' ? rows.find((one) => one.guid === guid) : undefined),
    home,
  }
}

/** Rows of a data source that is gone would stay behind, in no list. */
async function assertDatasources(transaction: Transaction, workspaceId: number, { places }: DroppedThing): Promise<void> {
  const known = new Set((await listDatasources(transaction, workspaceId)).map(({ label }) => label))
  const missing = places.map(({ datasource }) => datasourceOf(datasource).label).find((label) => !known.has(label))
  if (missing !== undefined)
    throw new AppError('conflict', `The data source "${missing}" does not exist.`, { hint: 'Create it first, then restore its tables.' })
}

/** `tablesWere`: the branch of whose own tables it was one; null when it was shared. */
function homeOf(branches: readonly BranchRow[], tablesWere: number | null, wanted: string | null): BranchRow {
  const isHome = (branch: BranchRow): boolean => (wanted === null ? tablesOf(branch) === tablesWere : branch.label === wanted)
  const home = branches.find((branch) => branch.live && isHome(branch)) ?? branches.find(isHome)
  if (home !== undefined) return home
  if (wanted !== null) throw new AppError('notFound', `Branch "${wanted}" does not exist.`)
  throw new AppError('conflict', 'The branch this was dropped from is gone.', {
    hint: 'Name the branch whose table it shall be: ?branch=label. A new one is made with POST …/branch {"label": "…", "tables": "own"}.',
  })
}

/** With the places it comes back to. */
const settled = (thing: DroppedThing, home: BranchRow): DroppedThing => ({
  ...thing,
  places: thing.places.map((place) => ({ ...place, datasource: placeOf(datasourceOf(place.datasource).label, tablesOf(home)) })),
})

const tableDocument = (table: TableModel): IncomingDocument => ({ definition: withGuid(tableToDefinition(table), table.guid), source: null, isNew: true })

function columnDocument(row: DefinitionRow, column: ColumnModel): IncomingDocument {
  const fields = row.definition.schema ?? []
  if (fields.some(({ name }) => name === column.name))
    throw new AppError('conflict', `The table "${row.name}" has a column "${column.name}" already.`, { hint: 'Rename or drop that column first.' })
  return { definition: withSchema(row.definition, [...fields, column.field], comparableModel(row).indexes), source: null, rowId: row.id }
}

/** The table is still defined: the rows of its data sources change places with those of the bin. */
async function restoreRows(context: ChangeContext, { workspaceId, id }: Omit<RestoreRequest, 'branch'>, row: DefinitionRow, home: BranchRow): Promise<void> {
  await context.db.withTransaction(async (transaction) => {
    await lockWorkspace(transaction, workspaceId)
    const thing = settled(await takeFromBin(transaction, id, workspaceId), home)
    await assertDatasources(transaction, workspaceId, thing)
    const model = comparableModel(row)
    const extensions = await readExtensions(transaction)
    const vault = context.vaults(workspaceId)
    for (const place of thing.places) {
      const options = { workspaceId, datasources: [place.datasource], extensions }
      await applyPlan(transaction, planTable(model, null, options))
      await applyPlan(transaction, planRestoredTable(thing.definition as TableModel, model, thing, options), { vault })
    }
    await context.live.announce(transaction, workspaceId)
  })
  await context.live.refresh(workspaceId)
}
