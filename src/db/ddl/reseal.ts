/**
 * Encrypting and decrypting what a column holds already. The key is not in the database, so the values travel through us, in batches; the table
 * is then written anew with them, within the transaction of the change. Nothing of the old values is left in its file.
 */
import { type ColumnModel, type TableModel, withoutRules } from '../../definitions/table.js'
import { fatal } from '../../errors.js'
import { ident, raw, sql } from '../../lib/sql.js'
import type { Vault } from '../../runtime/capabilities.js'
import { constantCommand, tableSql } from '../inputs.js'
import type { Transaction } from '../queryable.js'
import { selectColumns, selectList } from '../records/row.js'
import { tableInfo } from '../table-info.js'
import { quote } from './names.js'

export interface Reseal {
  schema: string
  /** The table as it is called at this point of the plan. */
  table: TableModel
  before: ColumnModel
  after: ColumnModel
}

const batchRows = 500
const values = 'pg_temp.stackhold_reseal'
const lookup = 'pg_temp.stackhold_resealed'

/** Expression of the new value of a row, in the statements that follow {@link gatherValues}. */
export const resealedSql = `${lookup}("id"::text)`

/** Collects the new value of every row. Writers wait until the transaction ends. Throws `fatal` for a value that its key does not open. */
export async function gatherValues(transaction: Transaction, { schema, table, before, after }: Reseal, vault: Vault | undefined): Promise<void> {
  if (vault === undefined) throw fatal(`The column "${after.name}" of table "${table.name}" has no key here.`)
  const [old, fresh] = [before, after].map((column) => columnOf(table, column, vault))
  if (old === undefined || fresh === undefined) throw fatal(`Table "${table.name}" has no column "${after.name}".`)
  const type = fresh.column.codec.sqlType
  await releaseValues(transaction)
  await transaction.query(`lock table ${quote(schema, table.name)} in share row exclusive mode`)
  await transaction.query(`create temp table stackhold_reseal (id text primary key, value ${type}) on commit drop`)
  await transaction.query(`create function ${lookup}(text) returns ${type} language sql stable as 'select value from ${values} where id = $1'`)
  const list = selectList({ selected: selectColumns(table.name, old.info, [old.column]), prune: new Map() })
  const command = constantCommand(
    sql`declare stackhold_reseal no scroll cursor for select ${ident(table.name, 'id')}::text as "id", ${list} from ${tableSql(table.name)} as ${ident(table.name)}`,
    schema,
  )
  await transaction.query(command.text, command.values)
  for (let isMore = true; isMore; ) {
    const rows = await transaction.query(`fetch ${batchRows} from stackhold_reseal`)
    isMore = rows.length === batchRows
    const turned = rows.map(({ id, ...row }) => {
      const value = old.column.codec.decode(row[before.name])
      return { id, value: fresh.column.codec.encodeJson(fresh.column.seal?.seal(value, String(id)) ?? value) }
    })
    const fill = constantCommand(sql`insert into ${raw(values)} select id, value from jsonb_to_recordset($1::jsonb) as r(id text, value ${raw(type)})`, schema)
    await transaction.query(fill.text, [JSON.stringify(turned)])
  }
  await transaction.query('close stackhold_reseal')
}

function columnOf(table: TableModel, column: ColumnModel, vault: Vault) {
  const info = tableInfo({ ...withoutRules(table), columns: table.columns.map((one) => (one.name === column.name ? column : one)) }, vault)
  const found = info.byName.get(column.name)
  return found === undefined ? undefined : { info, column: found }
}

/** Forgets the values once they are in their table. */
export const releaseValues = (transaction: Transaction): Promise<unknown> =>
  transaction.query(`drop function if exists ${lookup}(text)`).then(() => transaction.query(`drop table if exists ${values}`))
