/** A data source as SQL that plain psql restores: schema, tables, rows, indexes, views. Nothing in it needs an extension. */
import type { TableModel } from '../definitions/table.js'
import type { Database } from './client.js'
import { quote, schemaName } from './ddl/names.js'
import { planTable } from './ddl/plan-table.js'
import type { Transaction } from './queryable.js'

export interface DumpOptions {
  workspaceId: number
  datasources: readonly string[]
  tables: readonly TableModel[]
  /** Password hashes are written; otherwise they are empty. */
  secrets: boolean
}

const batchRows = 500
const idleTimeout = '60s'

/** Hands the text to `write` piece by piece, as of one moment; the number of rows. */
export async function dumpTables(db: Pick<Database, 'withTransaction'>, options: DumpOptions, write: (text: string) => Promise<void>): Promise<number> {
  return db.withTransaction(
    async (transaction) => {
      await transaction.query(`set local idle_in_transaction_session_timeout = '${idleTimeout}'`)
      await write(
        `-- Stackhold workspace ${options.workspaceId}\nset client_encoding = 'UTF8';\nset standard_conforming_strings = on;\nset timezone = 'UTC';\nbegin;\n`,
      )
      let rows = 0
      for (const datasource of options.datasources) {
        await write(`\ncreate schema if not exists ${quote(schemaName(options.workspaceId, datasource))};\n`)
        for (const table of options.tables) rows += await dumpTable(transaction, table, datasource, options, write)
      }
      await write('\ncommit;\n')
      return rows
    },
    { isolation: 'repeatable read' },
  )
}

async function dumpTable(
  transaction: Transaction,
  table: TableModel,
  datasource: string,
  options: DumpOptions,
  write: (text: string) => Promise<void>,
): Promise<number> {
  const target = quote(schemaName(options.workspaceId, datasource), table.name)
  const [made, ...views] = planTable(null, table, { workspaceId: options.workspaceId, datasources: [datasource] }).operations
  const [, create = '', ...indexes] = made?.parts[0]?.sql ?? []
  await write(`\n${create};\n`)
  const names = table.columns.map(({ name }) => quote(name)).join(', ')
  const values = table.columns.map((column) =>
    column.type === 'password' && !options.secrets ? `''''''::text` : `quote_nullable(${quote(column.name)}::text)`,
  )
  await transaction.query(
    `declare stackhold_dump no scroll cursor for select '(' || concat_ws(', ', ${values.join(', ')}) || ')' as row from ${target} order by "id"`,
  )
  let total = 0
  for (;;) {
    const rows = await transaction.query<{ row: string }>(`fetch ${batchRows} from stackhold_dump`)
    if (rows.length > 0) await write(`insert into ${target} (${names}) values\n${rows.map(({ row }) => row).join(',\n')};\n`)
    total += rows.length
    if (rows.length < batchRows) break
  }
  await transaction.query('close stackhold_dump')
  const [primary] = table.columns
  if (primary?.type === 'int')
    await write(`select setval(pg_get_serial_sequence('${target.replaceAll("'", "''")}', 'id'), coalesce((select max("id") from ${target}), 0) + 1, false);\n`)
  for (const index of indexes) await write(`${index};\n`)
  for (const view of views) for (const statement of view.parts[0]?.sql ?? []) await write(`${statement};\n`)
  return total
}
