/** A new password on its way into a column: judged by the policy of the column and what is known of the row, then hashed. */
import { inputError } from '../../errors.js'
import { passwordPolicyOf } from '../../fields/password-policy.js'
import { ident, param, raw, sql } from '../../lib/sql.js'
import { isList, type Obj, type Value } from '../../lib/value.js'
import type { Passwords } from '../../runtime/capabilities.js'
import { constantCommand, tableSql } from '../inputs.js'
import type { ColumnInfo, TableInfo } from '../table-info.js'
import { compileRowReader, selectColumns, selectList } from './row.js'
import type { DatabaseSession } from './session.js'

export interface PasswordWriter extends Pick<Passwords, 'hash' | 'judge'> {
  /** Names of the app that its passwords must not contain. */
  appNames: readonly string[]
}

/** What is known of the row the password belongs to. */
export interface RowFacts {
  info: TableInfo
  /** The values written along with it. */
  data: Obj
  /** The row as it is; asked only when `data` lacks a column that names its owner. */
  stored?: (() => Promise<Obj>) | undefined
}

/** The hash of a password, or of each of a list. No text stays no text, which no password matches. Throws `inputError` for a password the policy refuses. */
export async function writePassword(column: ColumnInfo, value: Value, writer: PasswordWriter, row: RowFacts): Promise<Value> {
  if (isList(value)) return Promise.all(value.map((item) => writePassword(column, item, writer, row)))
  if (typeof value !== 'string' || value === '') return value
  const words = [...writer.appNames.flatMap(wordsIn), ...(await ownerWords(row))]
  const problem = await writer.judge(value, { policy: passwordPolicyOf(column.model.field), words })
  if (problem !== null) throw inputError(column.name, `Input "${column.name}" ${problem}`)
  return writer.hash(value)
}

const namesOwner = /^(?:(?:user|nick|first|last|middle|full|display|given|family)_?)?name$|^(?:login|handle|surname|username|nickname)$/i
const isEmail = (column: ColumnInfo): boolean => column.type.name === 'email' || /^e_?mail(_address)?$/i.test(column.name)
const ownerColumns = (info: TableInfo): ColumnInfo[] =>
  info.columns.filter((column) => !column.model.list && (isEmail(column) || (column.type.name === 'text' && namesOwner.test(column.name))))

async function ownerWords({ info, data, stored }: RowFacts): Promise<string[]> {
  const columns = ownerColumns(info)
  const known = stored === undefined || columns.every((column) => data.has(column.name)) ? undefined : await stored()
  return columns.flatMap((column) => {
    const value = data.get(column.name) ?? known?.get(column.name)
    if (typeof value !== 'string') return []
    return wordsIn(isEmail(column) ? value.slice(0, value.lastIndexOf('@') < 0 ? undefined : value.lastIndexOf('@')) : value)
  })
}

/** The text itself and each part of it. */
const wordsIn = (text: string): string[] => [text.trim(), ...text.split(/[^\p{L}\p{N}]+/u)].filter((word) => word !== '')

/** Reads the columns that name the owner of the first row with a key. */
export const storedOwner = (session: DatabaseSession, info: TableInfo, column: ColumnInfo, parameter: unknown) => async (): Promise<Obj> => {
  const shape = { selected: selectColumns(info.model.name, info, ownerColumns(info)), prune: new Map<string, string[][]>() }
  if (shape.selected.length === 0) return new Map()
  const key = sql`${ident(info.model.name, column.name)} = ${param(parameter)}${raw(`::${column.codec.sqlType}`)}`
  const statement = sql`select ${selectList(shape)} from ${tableSql(info.model.name)} as ${ident(info.model.name)} where ${key} order by ${ident(info.model.name, info.primary.name)} limit 1`
  const { rows } = await session.run(constantCommand(statement, session.schema))
  return rows[0] === undefined ? new Map() : compileRowReader(shape)(rows[0])
}
