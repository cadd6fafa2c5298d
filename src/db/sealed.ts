/**
 * Encrypted columns. They rest as text that only the row they were written for can open: the id of the row is part of what is authenticated, so
 * it travels with the value, in both directions.
 */
import { randomUUID } from 'node:crypto'
import type { TableModel } from '../definitions/table.js'
import { type AppError, fatal } from '../errors.js'
import type { ColumnCodec } from '../fields/column-codec.js'
import { ident, param, raw, type Sql, sql } from '../lib/sql.js'
import { Resource, type Value } from '../lib/value.js'
import type { Vault } from '../runtime/capabilities.js'
import { parseJson, stringify } from '../runtime/serialize.js'
import { constantCommand } from './inputs.js'
import type { DatabaseSession } from './records/session.js'
import type { ColumnInfo, TableInfo } from './table-info.js'

/** A value ready to be written into one row. */
export class Sealed extends Resource {
  readonly kind = 'sealed'
  readonly text: string

  constructor(text: string) {
    super()
    this.text = text
  }
}

/** Only sealed values get into the column: one that was forgotten is a defect, never a leak. */
function toText(value: Value): string | null {
  if (value === null) return null
  if (value instanceof Sealed) return value.text
  throw new TypeError('An encrypted column takes sealed values only')
}

export interface ColumnSeal {
  seal(value: Value, id: Value): Sealed | null
  /** Whether the text was sealed with the key in force. */
  isCurrent(text: string): boolean
}

/** Where a value stands. The guid of the table stays when the table gets another name. */
const placeOf = (table: TableModel, column: string, id: string): string => JSON.stringify([table.guid, column, id])

/** Codec and seal of an encrypted column. `empty` is what the column holds where nothing was ever written; `plain` is how it would rest unencrypted. */
export function sealedCodec(
  table: TableModel,
  column: string,
  empty: Value,
  plain: ColumnCodec,
  vault: Vault | undefined,
): { codec: ColumnCodec; seal: ColumnSeal } {
  const keys = (): Vault => {
    if (vault === undefined) throw fatal(`The encrypted column "${column}" of table "${table.name}" has no key here.`)
    return vault
  }
  return {
    codec: {
      sqlType: 'text',
      encode: toText,
      encodeJson: toText,
      decode(given) {
        if (given === null || given === undefined) return empty
        const text = String(given)
        const space = text.indexOf(' ')
        const opened = keys().open(text.slice(space + 1), placeOf(table, column, text.slice(0, space)))
        if (opened === undefined) throw unreadable(table.name, column)
        return plain.decode(parseJson(opened))
      },
    },
    seal: {
      seal: (value, id) => (value === null ? null : new Sealed(keys().seal(stringify(value), placeOf(table, column, String(id))))),
      isCurrent: (text) => keys().isCurrent(text),
    },
  }
}

const unreadable = (table: string, column: string): AppError =>
  fatal(`The encrypted column "${column}" of table "${table}" holds a value that does not belong to its row, or whose key is gone.`, {
    payload: { table, column },
    hint: 'A value that was moved or changed in SQL cannot be opened; a key that was replaced must be named in STACKHOLD_SECRET_PREVIOUS.',
  })

/** The column with the id of its row, as its codec reads it. */
export const sealedSql = (alias: string, info: Pick<TableInfo, 'primary'>, column: string): Sql<never> =>
  sql`(${ident(alias, info.primary.name)}::text || ' ' || ${ident(alias, column)})`

export type Values = ReadonlyMap<ColumnInfo, Value>

/** The values of one row, those of encrypted columns sealed for it. */
export const sealValues = (values: Values, id: Value): Values => new Map([...values].map(([column, value]) => [column, column.seal?.seal(value, id) ?? value]))

export const needsSeal = (values: Values): boolean => [...values.keys()].some((column) => column.seal !== undefined)

/** Ids for rows that are about to be added: known before the insert, because their values are sealed for them. */
export async function newIds(session: DatabaseSession, info: TableInfo, count: number): Promise<Value[]> {
  const { primary, model } = info
  if (primary.type.name === 'uuid') return Array.from({ length: count }, () => randomUUID())
  const sequence = sql`pg_get_serial_sequence(format('%I.%I', ${param(session.schema)}::text, ${param(model.name)}::text), ${param(primary.name)}::text)`
  const command = constantCommand(
    sql`select nextval(${sequence}) as id from generate_series(1, ${param(String(count))}::int)${raw(' order by 1')}`,
    session.schema,
  )
  return (await session.run(command)).rows.map((row) => primary.codec.decode(row['id']))
}

/** An encrypted column is read whole or not at all. */
export const refuseSealed = (column: ColumnInfo, table: string): AppError =>
  fatal(`"${column.name}" of table "${table}" is encrypted: it cannot be searched, sorted, grouped or computed with.`, {
    hint: 'Read the row by another column; to find rows by this value keep a hash of it (|hmac_sha256) in a column of its own.',
  })
