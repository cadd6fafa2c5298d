/** Runs a plan inside the caller's transaction and keeps the catalog's record of tables and of the bin. */
import { AppError } from '../../errors.js'
import type { Vault } from '../../runtime/capabilities.js'
import { sqlState } from '../failure.js'
import type { Transaction } from '../queryable.js'
import { convertsFunction } from './convert.js'
import type { BinEntry, Check, TablePlan } from './plan.js'
import { gatherValues, releaseValues } from './reseal.js'

export interface ApplyOptions {
  /** Waiting for other statements on the table, ms; default 4000. */
  lockTimeoutMs?: number
  /** How long one statement may take, ms: rewriting a large table takes long; default 600 000. */
  statementTimeoutMs?: number
  /** Leaves index builds over many rows to `repairIndexes` after the commit; else they are part of the transaction. */
  defer?: boolean
  /** Rows past which an index build is deferred; default 10 000. */
  deferPast?: number
  /** Keys of encrypted columns; only plans that encrypt or decrypt need them. */
  vault?: Vault
  /** Whether tables and bin entries are written to the catalog; default true. The definition must be stored first. */
  catalog?: boolean
}

/** Days until the bin may forget something, unless the instance says otherwise. */
const binDays = `coalesce((select (value #>> '{}')::int from stackhold.setting where key = 'bin_days'), 30)`

/** Looks for rows that stand in the way. Throws AppError `badRequest` as {@link applyPlan} does. */
export async function runChecks(transaction: Transaction, table: string, checks: readonly Check[]): Promise<void> {
  if (checks.length === 0) return
  await transaction.query(`set local statement_timeout = ${checksTimeoutMs}`)
  for (const check of checks) await runCheck(transaction, table, check, checksTimeoutMs)
}
const checksTimeoutMs = 600_000

/** Applies a plan. Throws AppError `badRequest` with `payload {table, column, count, sample}` when rows stand in the way; nothing is changed then, as the caller's transaction rolls back. */
export async function applyPlan(transaction: Transaction, plan: TablePlan, options: ApplyOptions = {}): Promise<void> {
  if (plan.operations.length === 0) return
  const statementTimeoutMs = Math.trunc(options.statementTimeoutMs ?? 600_000)
  await transaction.query(`set local lock_timeout = ${Math.trunc(options.lockTimeoutMs ?? 4_000)}`)
  await transaction.query(`set local statement_timeout = ${statementTimeoutMs}`)
  if (plan.operations.some((operation) => operation.parts.some((part) => part.checks.length > 0))) await transaction.query(convertsFunction)
  for (const { table, parts } of plan.operations) {
    for (const { checks, reseal, sql, bin, index } of parts) {
      for (const check of checks) await runCheck(transaction, table, check, statementTimeoutMs)
      if (reseal !== undefined) await gatherValues(transaction, reseal, options.vault).catch((error: unknown) => Promise.reject(toPlanError(error, table)))
      const deferred = index !== undefined && options.defer === true && (await isLarge(transaction, index.target, options.deferPast ?? 10_000))
      for (const statement of sql)
        if (!deferred || !/^create (unique )?index /.test(statement)) await runStatement(transaction, table, statement, statementTimeoutMs)
      if (reseal !== undefined) await releaseValues(transaction)
      if (options.catalog !== false) for (const entry of bin) await recordBin(transaction, plan, entry)
    }
  }
  if (options.catalog !== false) await recordPlaces(transaction, plan)
}

const isLarge = async (transaction: Transaction, target: string, past: number): Promise<boolean> =>
  (await transaction.query(`select 1 from ${target} offset ${Math.trunc(past)} limit 1`)).length > 0

/** The server gives up first. */
const patience = (timeoutMs: number) => ({ patienceMs: timeoutMs + 2_000 })

async function runCheck(transaction: Transaction, table: string, check: Check, timeoutMs: number): Promise<void> {
  const [row] = await transaction.query<{ count: number; sample: unknown }>(check.sql, undefined, patience(timeoutMs))
  if (row === undefined || row.count === 0) return
  throw new AppError('badRequest', `Table "${table}": ${check.message(row.count)}.`, {
    payload: { table, column: check.column, count: row.count, sample: row.sample },
    hint: 'Change or delete the rows in payload.sample and their like, then try again.',
  })
}

async function runStatement(transaction: Transaction, table: string, statement: string, timeoutMs: number): Promise<void> {
  try {
    await transaction.query(statement, undefined, patience(timeoutMs))
  } catch (error) {
    throw toPlanError(error, table)
  }
}

function toPlanError(error: unknown, table: string): unknown {
  if (error instanceof AppError) return error
  const message = error instanceof Error ? error.message : String(error)
  if (sqlState(error) === '55P03')
    return new AppError('unavailable', `Table "${table}" is in use; the change could not get its lock.`, { cause: error, headers: { 'retry-after': '2' } })
  if (sqlState(error) === '42P07') return new AppError('conflict', `Table "${table}" exists in the database already.`, { cause: error, detail: message })
  return new AppError('badRequest', `Table "${table}" could not be changed: ${message}`, { cause: error })
}

async function recordBin(transaction: Transaction, plan: TablePlan, entry: BinEntry): Promise<void> {
  const columns = [
    'workspace_id',
    'datasource',
    'definition_id',
    'kind',
    'schema_name',
    'table_name',
    'column_name',
    'bin_schema',
    'bin_table',
    'bin_column',
    'definition',
  ]
  const values = [
    plan.workspaceId,
    entry.datasource,
    plan.definitionId,
    entry.kind,
    entry.schema,
    entry.table,
    entry.column,
    entry.binSchema,
    entry.binTable,
    entry.binColumn,
    JSON.stringify(entry.definition),
  ]
  const places = values.map((_, i) => `$${i + 1}`).join(', ')
  await transaction.query(
    `insert into stackhold.table_bin (${columns.join(', ')}, restore_until) values (${places}, now() + make_interval(days => ${binDays}))`,
    values,
  )
}

async function recordPlaces(transaction: Transaction, plan: TablePlan): Promise<void> {
  if (plan.after === null) {
    const datasources = new Set(plan.operations.flatMap((operation) => operation.parts.map((part) => part.datasource)))
    await transaction.query('delete from stackhold.physical_table where definition_id = $1 and datasource = any($2)', [plan.definitionId, [...datasources]])
    return
  }
  for (const { datasource, schema, table } of plan.places)
    await transaction.query(
      `insert into stackhold.physical_table (definition_id, workspace_id, datasource, schema_name, table_name) values ($1, $2, $3, $4, $5)
       on conflict (definition_id, datasource) do update set schema_name = excluded.schema_name, table_name = excluded.table_name`,
      [plan.definitionId, plan.workspaceId, datasource, schema, table],
    )
  // Dropped columns stay in their table, whatever it is called now.
  for (const { datasource, table } of plan.places)
    await transaction.query(`update stackhold.table_bin set table_name = $3, bin_table = $3 where definition_id = $1 and datasource = $2 and kind = 'column'`, [
      plan.definitionId,
      datasource,
      table,
    ])
}
