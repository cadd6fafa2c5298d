/** Brings back what a change dropped: a column into its table, a table with its definition, or one data source's rows. */
import type { Transaction } from '../db/client.js'
import { applyPlan } from '../db/ddl/apply.js'
import { type DroppedThing, takeFromBin } from '../db/ddl/bin.js'
import { planRestoredColumn, planRestoredTable } from '../db/ddl/plan-restore.js'
import { planTable } from '../db/ddl/plan-table.js'
import { readExtensions } from '../db/extensions.js'
import { withGuid } from '../definitions/guid.js'
import type { ColumnModel, TableModel } from '../definitions/table.js'
import { tableToDefinition, withSchema } from '../definitions/table-json.js'
import { AppError } from '../errors.js'
import { applyChange, type ChangeContext } from './change.js'
import type { IncomingDocument } from './proposal.js'
import { type DefinitionRow, listAllTables, listDatasources, lockWorkspace } from './store.js'
import { comparableModel } from './tables.js'

export interface Restored {
  kind: 'table' | 'column'
  /** Id of the table's definition. */
  table_id: number
  table: string
  column: string | null
  datasources: string[]
}

/** Throws `notFound` for an unknown entry, `conflict` when its name is taken. */
export async function restore(context: ChangeContext, workspaceId: number, binId: number, author: string): Promise<Restored> {
  const { thing, row } = await context.db.withTransaction(async (transaction) => look(transaction, workspaceId, binId))
  const outcome = (tableId: number, table: string): Restored => ({
    kind: thing.kind,
    table_id: tableId,
    table,
    column: thing.column,
    datasources: thing.places.map(({ datasource }) => datasource),
  })
  if (thing.places.some(({ datasource }) => datasource.includes('@')))
    throw new AppError('unsupported', 'What a branch with tables of its own dropped cannot be restored yet.', {
      hint: `It is kept in the schema "${thing.places[0]?.binSchema ?? ''}" until its time is over.`,
    })
  if (thing.kind === 'table' && row !== undefined) {
    await restoreRows(context, workspaceId, binId, row)
    return outcome(row.id, row.name)
  }
  if (thing.kind === 'column' && row === undefined)
    throw new AppError('conflict', `The table "${thing.table}" of this column is gone.`, { hint: 'Restore the table first; its columns come back with it.' })
  const document = row === undefined ? tableDocument(thing.definition as TableModel) : columnDocument(row, thing.definition as ColumnModel)
  const { saved } = await applyChange(context, {
    workspaceId,
    branch: null,
    documents: [document],
    seed: false,
    author,
    async before(transaction) {
      await takeFromBin(transaction, binId, workspaceId)
    },
    planner: (before, after, options) => {
      if (before === null) return planRestoredTable(after, after, thing, options)
      return before.id === row?.id ? planRestoredColumn(before, after, thing, options) : null
    },
  })
  const tableId = saved[0]?.id ?? 0
  // Columns dropped before the table was are restorable again, too.
  await context.db.query(`update stackhold.table_bin set definition_id = $1 where workspace_id = $2 and definition_id = $3 and kind = 'column'`, [
    tableId,
    workspaceId,
    thing.definitionId,
  ])
  return outcome(tableId, document.definition.name)
}

/** What the entry is, and its table; nothing is taken yet. */
async function look(transaction: Transaction, workspaceId: number, binId: number): Promise<{ thing: DroppedThing; row: DefinitionRow | undefined }> {
  let thing: DroppedThing | undefined
  // A savepoint that is undone: reading the entry and taking it are one statement.
  const undo = new Error('undo')
  await transaction
    .withTransaction(async (inner) => {
      thing = await takeFromBin(inner, binId, workspaceId)
      throw undo
    })
    .catch((error: unknown) => {
      if (error !== undo) throw error
    })
  const found = thing as DroppedThing | undefined
  if (found === undefined) throw new AppError('notFound', 'Nothing in the bin has this id.')
  return { thing: found, row: (await listAllTables(transaction, workspaceId)).find(({ id }) => id === found.definitionId) }
}

const tableDocument = (table: TableModel): IncomingDocument => ({ definition: withGuid(tableToDefinition(table), table.guid), source: null, isNew: true })

function columnDocument(row: DefinitionRow, column: ColumnModel): IncomingDocument {
  const fields = row.definition.schema ?? []
  if (fields.some(({ name }) => name === column.name))
    throw new AppError('conflict', `The table "${row.name}" has a column "${column.name}" already.`, { hint: 'Rename or drop that column first.' })
  return { definition: withSchema(row.definition, [...fields, column.field], comparableModel(row).indexes), source: null, rowId: row.id }
}

/** The table is still defined: the rows of its data sources change places with those of the bin. */
async function restoreRows(context: ChangeContext, workspaceId: number, binId: number, row: DefinitionRow): Promise<void> {
  await context.db.withTransaction(async (transaction) => {
    await lockWorkspace(transaction, workspaceId)
    const thing = await takeFromBin(transaction, binId, workspaceId)
    const datasources = (await listDatasources(transaction, workspaceId)).map(({ label }) => label)
    const missing = thing.places.find(({ datasource }) => !datasources.includes(datasource))
    if (missing !== undefined)
      throw new AppError('conflict', `The data source "${missing.datasource}" does not exist.`, { hint: 'Create it first, then restore its tables.' })
    const model = comparableModel(row)
    const extensions = await readExtensions(transaction)
    for (const place of thing.places) {
      const options = { workspaceId, datasources: [place.datasource], extensions }
      await applyPlan(transaction, planTable(model, null, options))
      await applyPlan(transaction, planRestoredTable(thing.definition as TableModel, model, thing, options))
    }
    await context.live.announce(transaction, workspaceId)
  })
  await context.live.refresh(workspaceId)
}
