/** Rows of a table in batches, through a cursor: as of one moment, in the memory of one batch. */
import { inputError } from '../errors.js'
import { ident, sql } from '../lib/sql.js'
import type { Obj, Value } from '../lib/value.js'
import { compileExternalFilter } from './external-filter.js'
import { CachedSql, noFrame, tableSql } from './inputs.js'
import { compileRowReader, selectColumns, selectList } from './records/row.js'
import type { DatabaseSession } from './records/session.js'
import type { Scope } from './scope.js'
import type { ColumnInfo, TableInfo } from './table-info.js'
import { allOf, whereClause } from './where.js'

export interface ExportOptions {
  /** Names of columns; all that may be exported when absent. */
  columns?: readonly string[]
  search?: Value
}

const batchRows = 1_000
/** A reader that takes longer than this for one batch loses its cursor. */
const idleTimeout = '60s'

/** All columns but passwords and internal ones; encrypted ones when they are named. Throws `inputError` for a name that is not among them. */
export function exportColumns(info: TableInfo, names?: readonly string[]): readonly ColumnInfo[] {
  const open = info.columns.filter((column) => column.seal !== undefined || (column.type.name !== 'password' && column.model.access !== 'internal'))
  if (names === undefined) return open.filter((column) => column.seal === undefined)
  return names.map((name) => {
    const column = open.find((one) => one.name === name)
    if (column === undefined) throw inputError('columns', `Unknown column: ${name}`)
    return column
  })
}

/** Hands every row to `each`, in the order of ids; the number of rows. */
export async function exportBatches(
  session: DatabaseSession,
  info: TableInfo,
  scope: Scope,
  { columns, search = null }: ExportOptions,
  each: (rows: readonly Obj[]) => Promise<void>,
): Promise<number> {
  const { name } = info.model
  const shape = { selected: selectColumns(name, info, exportColumns(info, columns)), prune: new Map() }
  const condition = compileExternalFilter(search, scope, 'search') ?? allOf([])
  const statement = new CachedSql(
    (at) => sql`select ${selectList(shape)} from ${tableSql(name)} as ${ident(name)}${whereClause(condition(at))} order by ${ident(name, info.primary.name)}`,
    { once: true },
  )
  const read = compileRowReader(shape)
  const command = statement.command(scope.inputs.read(noFrame), session.schema)
  let total = 0
  await session.transaction(
    async () => {
      await session.run({ text: `set local idle_in_transaction_session_timeout = '${idleTimeout}'`, values: [] })
      await session.run({ text: `declare stackhold_export no scroll cursor for ${command.text}`, values: command.values })
      for (;;) {
        const { rows } = await session.run({ text: `fetch ${batchRows} from stackhold_export`, values: [] })
        if (rows.length === 0) return
        total += rows.length
        await each(rows.map(read))
        if (rows.length < batchRows) return
      }
    },
    { isolation: 'repeatable read' },
  )
  return total
}
