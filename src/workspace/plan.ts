/** What a change will do, for people: the operations and their count by type, as `multidoc/dry-run` answers. */
import { displayName } from '../definitions/identity.js'
import { kindOf, kindOrder } from '../definitions/kinds.js'
import type { Entry, Proposal } from './proposal.js'
import type { DefinitionRow } from './store.js'
import type { TableOperation } from './tables.js'

export type PlanAction =
  | 'create'
  | 'update'
  | 'delete'
  | 'cascade_delete'
  | 'truncate'
  | 'add_field'
  | 'update_field'
  | 'drop_field'
  | 'alter_field'
  | 'unchanged'

export interface PlanOperation {
  action: PlanAction
  /** `table`, `query`, `trigger` … */
  type: string
  /** `path VERB` of a query; `workspace` of the workspace's settings. */
  name: string
  details: string
  reason: string
}

export interface PlanSummary {
  created: number
  updated: number
  deleted: number
  truncated: number
  unchanged: number
}

export interface Plan {
  operations: PlanOperation[]
  summary: Record<string, PlanSummary>
}

export interface PlanOptions {
  /** Operations on the columns of a table. */
  tableOperations(entry: Entry): readonly TableOperation[]
  /** Names of the tables that are emptied. */
  truncated: ReadonlySet<string>
  /** Rows the documents leave out. They go for it, unless a partial push keeps them. */
  absent: readonly DefinitionRow[]
  keepsAbsent: boolean
}

/** The plan of a proposal, in the order of kinds. */
export function describePlan(proposal: Proposal, options: PlanOptions): Plan {
  const operations: PlanOperation[] = []
  const entries = proposal.entries.filter((entry) => entry.action !== 'keep').sort((a, b) => kindOrder(a.kind) - kindOrder(b.kind))
  for (const entry of entries) {
    const base = { type: kindOf(entry.kind).type, name: planName(entry), reason: '' }
    const columns = entry.kind === 'table' ? options.tableOperations(entry) : []
    operations.push({ ...base, action: entry.action === 'keep' ? 'unchanged' : entry.action, details: detailsOf(entry, columns) })
    // What changes the table as a whole is part of its own line.
    for (const operation of columns)
      if (isColumnAction(operation.action)) operations.push({ ...base, action: operation.action, details: operation.details, reason: operation.reason })
    if (entry.kind === 'table' && options.truncated.has(entry.name)) operations.push({ ...base, action: 'truncate', details: 'All rows are deleted.' })
  }
  for (const { row, cascade } of proposal.removed)
    operations.push(rowOperation(row, cascade ? 'cascade_delete' : 'delete', cascade ? `goes with ${row.parent}` : ''))
  if (!options.keepsAbsent) for (const row of options.absent) operations.push(rowOperation(row, 'delete', 'not among the documents'))
  const kept = entries.flatMap((entry) => entry.kept.map((what) => keptOperation(entry, what)))
  // Clients learn from these what a document may refer to.
  const left = options.keepsAbsent ? options.absent.map((row) => rowOperation(row, 'unchanged', 'A partial push keeps it.')) : []
  return { operations: [...operations, ...kept, ...left], summary: summarize(operations) }
}

const keptOperation = (entry: Entry, what: string): PlanOperation => ({
  action: 'unchanged',
  type: kindOf(entry.kind).type,
  name: planName(entry),
  details: `${what} kept`,
  reason: 'The document leaves it out, and a partial push drops nothing.',
})

const rowOperation = (row: DefinitionRow, action: PlanAction, reason: string): PlanOperation => ({
  action,
  type: kindOf(row.kind).type,
  name: planName(row),
  details: '',
  reason,
})

const planName = (of: { kind: string; name: string; verb: string }): string => (of.kind === 'workspace' || of.kind === 'branch' ? of.kind : displayName(of))

function detailsOf(entry: Entry, columns: readonly TableOperation[]): string {
  const parts = [entry.note]
  if (entry.row !== null && entry.row.name !== entry.name) parts.push(`renamed from ${displayName(entry.row)}`)
  parts.push(...columns.filter((operation) => !isColumnAction(operation.action)).map((operation) => operation.details))
  return parts.filter((part) => part !== '').join('; ')
}

const isColumnAction = (action: PlanAction): boolean => action.endsWith('_field')

const counters: Partial<Record<PlanAction, keyof PlanSummary>> = {
  create: 'created',
  update: 'updated',
  delete: 'deleted',
  cascade_delete: 'deleted',
  truncate: 'truncated',
  unchanged: 'unchanged',
}

function summarize(operations: readonly PlanOperation[]): Record<string, PlanSummary> {
  const summary: Record<string, PlanSummary> = {}
  for (const { type, action } of operations) {
    const counts = summary[type] ?? { created: 0, updated: 0, deleted: 0, truncated: 0, unchanged: 0 }
    summary[type] = counts
    const counter = counters[action]
    if (counter !== undefined) counts[counter] += 1
  }
  return summary
}
