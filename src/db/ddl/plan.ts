/** What changing a table means: an ordered list of operations with their SQL, shown by a dry run and applied in one transaction. */
import type { TableModel } from '../../definitions/table.js'
import type { Reseal } from './reseal.js'

/** Counts and samples rows that stand in the way; the operation is refused when there are any. */
export interface Check {
  /** One row: `count`, `sample` (up to five rows as JSON). */
  sql: string
  message(count: number): string
  column: string
}

/** An index over rows that exist: built without blocking writes, after the change, when they are many. */
export interface IndexBuild {
  /** The table, quoted, with its schema. */
  target: string
}

/** Something dropped: where it was, and where its data is now. */
export interface BinEntry {
  kind: 'table' | 'column'
  datasource: string
  schema: string
  table: string
  column: string | null
  binSchema: string
  binTable: string
  binColumn: string | null
  /** The model before the drop, as JSON. */
  definition: unknown
}

export interface PlannedPart {
  datasource: string
  checks: Check[]
  /** Values that are encrypted or decrypted before the statements run. */
  reseal?: Reseal
  sql: string[]
  bin: BinEntry[]
  index?: IndexBuild
}

export type PlanAction = 'create' | 'update' | 'delete' | 'truncate' | 'add_field' | 'update_field' | 'drop_field' | 'alter_field'

export interface PlannedOperation {
  action: PlanAction
  table: string
  /** `age int` */
  details: string
  reason: string
  /** In order; mostly one per data source. */
  parts: PlannedPart[]
}

export interface TablePlan {
  workspaceId: number
  definitionId: number
  operations: PlannedOperation[]
  /** What was not done and why: indexes that need an extension. */
  notes: string[]
  /** Where the table stands afterwards, by data source; empty when it is gone. */
  places: { datasource: string; schema: string; table: string }[]
  before: TableModel | null
  after: TableModel | null
}

/** All SQL of a plan in order, for people. */
export const planSql = (plan: TablePlan): string[] => plan.operations.flatMap((operation) => operation.parts.flatMap((part) => part.sql))
