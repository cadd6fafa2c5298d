/** A data source without rows, for the length of a transaction. */
import { randomBytes } from 'node:crypto'
import { ident, render, sql } from '../../lib/sql.js'
import type { Transaction } from '../queryable.js'

/** Makes a schema with the same, empty tables; gone when the transaction is rolled back. Gives its name. */
export async function createEmptyCopy(transaction: Transaction, schema: string): Promise<string> {
  const name = `${schema.slice(0, 40)}_empty_${randomBytes(6).toString('hex')}`
  const tables = await transaction.query<{ name: string }>('select tablename as name from pg_tables where schemaname = $1', [schema])
  await transaction.query(render(sql`create schema ${ident(name)}`).text)
  for (const table of tables)
    await transaction.query(render(sql`create table ${ident(name, table.name)} (like ${ident(schema, table.name)} including all)`).text)
  return name
}
