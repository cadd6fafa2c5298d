/** Data sources as SQL that plain psql restores: schemas, tables, rows, indexes, rules, views. Nothing in it needs an extension. */
import { type ColumnModel, type TableModel, withoutRules } from '../definitions/table.js'
import type { Database } from './client.js'
import { textLiteral } from './ddl/column.js'
import { doBlock } from './ddl/do-block.js'
import { quote, schemaName } from './ddl/names.js'
import { planTable } from './ddl/plan-table.js'
import { createPoliciesSql } from './ddl/policies.js'
import { createViewSql, namedViews } from './ddl/views.js'
import type { Transaction } from './queryable.js'
import { withoutMembers } from './without-members.js'

/** One set of rows. */
export interface DumpPlace {
  /** See `placeOf`. */
  place: string
  /** Label of the branch whose own tables these are; null for those that branches share. */
  branch: string | null
  tables: readonly TableModel[]
}

export interface DumpOptions {
  workspaceId: number
  places: readonly DumpPlace[]
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
      for (const { place, branch, tables } of options.places) {
        await write(
          `\n${branch === null ? '' : `-- Tables of the branch ${JSON.stringify(branch)}\n`}create schema if not exists ${quote(schemaName(options.workspaceId, place))};\n`,
        )
        for (const table of tables) rows += await dumpTable(transaction, table, place, options, write)
      }
      await write('\ncommit;\n')
      return rows
    },
    { isolation: 'repeatable read' },
  )
}

/** The column, without the passwords inside its object where they stay behind. */
const dumped = ({ name, secrets }: ColumnModel, options: DumpOptions): string =>
  secrets === undefined || options.secrets ? quote(name) : withoutMembers(quote(name), secrets)

async function dumpTable(
  transaction: Transaction,
  table: TableModel,
  place: string,
  options: DumpOptions,
  write: (text: string) => Promise<void>,
): Promise<number> {
  const schema = schemaName(options.workspaceId, place)
  const target = quote(schema, table.name)
  const [made] = planTable(null, { ...withoutRules(table), views: [] }, { workspaceId: options.workspaceId, datasources: [place] }).operations
  const [, create = '', ...indexes] = made?.parts[0]?.sql ?? []
  await write(`\n${create};\n`)
  const names = table.columns.map(({ name }) => quote(name)).join(', ')
  const values = table.columns.map((column) =>
    column.type === 'password' && !options.secrets ? `''''''::text` : `quote_nullable(${dumped(column, options)}::text)`,
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
  for (const statement of rulesSql(options.workspaceId, schema, table)) await write(`${statement};\n`)
  for (const view of namedViews(table)) await write(`${createViewSql(schema, table, view)};\n`)
  return total
}

/** The rules of a table, with the role they hold for. Whoever restores without CREATEROLE gets a table closed to all but its owner. */
function rulesSql(workspaceId: number, schema: string, table: TableModel): string[] {
  const [enable, ...rest] = createPoliciesSql(workspaceId, schema, table)
  if (enable === undefined) return []
  const steps = rest.map((statement) => `execute ${textLiteral(statement)};`).join('\n  ')
  const missing = `raise warning 'The rules of table % need a role, and % may not create it: nobody but its owner can read it.', ${textLiteral(table.name)}, current_user;`
  return [enable, doBlock(`begin\n  ${steps}\nexception when insufficient_privilege then ${missing} end`)]
}
