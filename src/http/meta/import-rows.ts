/** The rows of an import file: CSV, a JSON array or lines of JSON, as values by column, in batches. */
import type { Readable } from 'node:stream'
import type { ImportRow } from '../../db/content-import.js'
import { columnSqlType } from '../../db/ddl/column.js'
import type { ColumnModel, TableModel } from '../../definitions/table.js'
import { AppError, inputError } from '../../errors.js'
import { didYouMean } from '../../lang/suggest.js'
import { type CsvCell, CsvError, type CsvRecord, readCsv } from '../../lib/csv-reader.js'
import { unguardFormula } from '../../lib/csv-writer.js'
import { JsonSplitError, readArray, readLines } from '../../lib/json-reader.js'
import { decodeText, TextStreamError } from '../../lib/text-stream.js'
import { isObj, type Obj, type Value } from '../../lib/value.js'
import { parseJson } from '../../runtime/serialize.js'
import { assertJsonBounds } from '../json-guard.js'

export type ImportFormat = 'csv' | 'json' | 'ndjson'

export interface RowOptions {
  format: ImportFormat
  /** The first record names the columns. */
  header: boolean
  separator: string
  /** Name in the file → column; null leaves it out. Without a header: columns in order. */
  mapping: ReadonlyMap<string, string | null> | readonly (string | null)[] | null
}

const limits = { cell: 1_048_576, cells: 2_000, record: 8_388_608 }
const batchRows = 500
const batchSize = 4_194_304

/** Throws `input` with the line for a file that cannot be read on. */
export async function* readRows(source: Readable, table: TableModel, options: RowOptions): AsyncGenerator<ImportRow[]> {
  let batch: ImportRow[] = []
  let size = 0
  try {
    for await (const { row, length } of options.format === 'csv' ? csvRows(source, table, options) : jsonRows(source, table, options)) {
      batch.push(row)
      size += length
      if (batch.length < batchRows && size < batchSize) continue
      yield batch
      batch = []
      size = 0
    }
  } catch (error) {
    throw toImportError(error)
  }
  if (batch.length > 0) yield batch
}

interface Sized {
  row: ImportRow
  length: number
}

function toImportError(error: unknown): unknown {
  if (error instanceof CsvError || error instanceof JsonSplitError)
    return new AppError('input', `Nothing was imported: line ${error.line}: ${error.message}`, { payload: { param: 'file', line: error.line } })
  if (error instanceof TextStreamError) return new AppError('input', `Nothing was imported: ${error.message}`, { payload: { param: 'file' } })
  return error
}

async function* csvRows(source: Readable, table: TableModel, options: RowOptions): AsyncGenerator<Sized> {
  let columns: (ColumnModel | null)[] | null = options.header ? null : columnsInOrder(table, options.mapping)
  for await (const record of readCsv(decodeText(source), options.separator, limits)) {
    if (columns === null) {
      columns = columnsOfHeader(record, table, options.mapping)
      continue
    }
    yield { row: csvRow(record, columns), length: record.cells.reduce((sum, { text }) => sum + text.length, 0) }
  }
  if (columns === null) throw inputError('file', 'The file is empty: it has no header.')
}

function columnNamed(table: TableModel, name: string, said = name): ColumnModel {
  const column = table.columns.find((one) => one.name === name)
  if (column !== undefined) return column
  const hint = didYouMean(
    name,
    table.columns.map((one) => one.name),
  )
  throw new AppError('input', `The table has no column "${said.slice(0, 100)}".`, {
    payload: { param: 'header' },
    hint: hint ?? `Leave it out with mapping={"${said.slice(0, 100)}": null}, or name the column it goes into.`,
  })
}

function mapped(name: string, mapping: RowOptions['mapping']): string | null {
  if (!(mapping instanceof Map)) return name
  const target: string | null | undefined = mapping.get(name)
  return target === undefined ? name : target
}

function columnsOfHeader({ cells }: CsvRecord, table: TableModel, mapping: RowOptions['mapping']): (ColumnModel | null)[] {
  const names = cells.map(({ text }) => text.trim())
  const columns = names.map((name) => {
    if (name === '') throw inputError('header', 'The header has a column without a name.')
    const target = mapped(name, mapping)
    return target === null ? null : columnNamed(table, target, name)
  })
  return assertOnce(columns)
}

function columnsInOrder(table: TableModel, mapping: RowOptions['mapping']): (ColumnModel | null)[] {
  const names = Array.isArray(mapping) ? (mapping as readonly (string | null)[]) : table.columns.slice(1).map((column) => column.name)
  return assertOnce(names.map((name) => (name === null ? null : columnNamed(table, name))))
}

function assertOnce(columns: (ColumnModel | null)[]): (ColumnModel | null)[] {
  const seen = new Set<string>()
  for (const column of columns) {
    if (column === null) continue
    if (seen.has(column.name)) throw inputError('header', `The column "${column.name}" is named twice.`)
    seen.add(column.name)
  }
  return columns
}

function csvRow({ line, cells }: CsvRecord, columns: readonly (ColumnModel | null)[]): ImportRow {
  const data: Obj = new Map()
  if (cells.length !== columns.length) return { line, data, problem: inputError('', `The row has ${cells.length} cells, the header has ${columns.length}.`) }
  try {
    cells.forEach((cell, i) => {
      const column = columns[i]
      if (column == null) return
      const value = cellValue(column, cell)
      if (value !== undefined) data.set(column.name, value)
    })
  } catch (error) {
    if (error instanceof AppError) return { line, data, problem: error }
    throw error
  }
  return { line, data }
}

const textual = new Set(['text', 'email', 'enum', 'password'])
const isJson = (column: ColumnModel): boolean => column.list || columnSqlType(column) === 'jsonb' || column.type === 'vector'

/** Nothing between two separators is no value: null where that may be, else what the column holds by itself. Quotes around nothing are empty text. */
function cellValue(column: ColumnModel, { text, quoted }: CsvCell): Value | undefined {
  if (text === '' && !quoted) return column.nullable ? null : textual.has(column.type) && !column.list ? '' : undefined
  const value = unguardFormula(text)
  return isJson(column) && value !== '' ? jsonCell(column, value) : value
}

function jsonCell(column: ColumnModel, text: string): Value {
  try {
    return readJson(text)
  } catch {
    if (column.type !== 'json' && column.type !== 'object' && !column.list) return text
    throw inputError(column.name, `Input "${column.name}" is not valid JSON.`)
  }
}

function readJson(text: string): Value {
  assertJsonBounds(text)
  return parseJson(text)
}

async function* jsonRows(source: Readable, table: TableModel, { format, mapping }: RowOptions): AsyncGenerator<Sized> {
  const text = decodeText(source)
  for await (const { line, text: item } of format === 'json' ? readArray(text, limits.record) : readLines(text, limits.record))
    yield { row: jsonRow(line, item, table, mapping), length: item.length }
}

function jsonRow(line: number, text: string, table: TableModel, mapping: RowOptions['mapping']): ImportRow {
  const data: Obj = new Map()
  try {
    const value = parseItem(text)
    for (const [name, member] of value) {
      const target = mapped(name, mapping)
      if (target === null) continue
      const column = columnNamed(table, target, name)
      // Null is what an export says of a column that has no value and needs none.
      if (member !== null || column.nullable || column.required) data.set(column.name, member)
    }
    return { line, data }
  } catch (error) {
    if (error instanceof AppError) return { line, data, problem: error }
    throw error
  }
}

function parseItem(text: string): Obj {
  let value: Value
  try {
    value = readJson(text)
  } catch (error) {
    if (error instanceof AppError && error.kind === 'badRequest') throw error
    throw inputError('', 'The row is not valid JSON.')
  }
  if (!isObj(value)) throw inputError('', 'The row is not an object.')
  return value
}
