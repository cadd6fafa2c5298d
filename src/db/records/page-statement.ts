/** The plan of one page: its rows, and beside them the total when that is asked for. */
import { param, raw, sql } from '../../lib/sql.js'
import type { Obj, Value } from '../../lib/value.js'
import type { Frame } from '../../runtime/frame.js'
import type { BoundSql, Inputs, Reading, Shape } from '../inputs.js'
import { envelope, firstRow, type Page } from './paging.js'
import { jsonItems, type RawRow, type ReadPlan } from './plan.js'
import type { RowShape } from './row.js'

export interface PageParts {
  inputs: Inputs
  readPage: (frame: Frame) => Page
  /** Ordered rows, without limit. */
  rows: (shape: Shape) => BoundSql
  /** What they hold. */
  shape: RowShape
  /** What follows the limit. */
  tail?: (shape: Shape) => BoundSql
  /** `select count(*) as count …`. */
  total: (shape: Shape) => BoundSql
  read: (row: RawRow) => Obj
  once: boolean
}

const writtenMax = 101

/** A page as an operand: rows to ask for, rows to skip, and what else the envelope says. */
const toWindow = (page: Page): Value[] => [page.perPage + 1, firstRow(page), page.page, page.offset, page.totals, page.metadata]
const fromWindow = ([rows, , page, offset, totals, metadata]: Value[]): Page => ({ page, perPage: (rows as number) - 1, offset, totals, metadata }) as Page
const numberAt = (window: Value | undefined, index: number): number => (window as number[])[index] as number

/** Plans a page. One more row than it holds tells whether there is a next one. */
export function planPage({ inputs, readPage, rows, shape, tail, total, read, once }: PageParts): ReadPlan {
  const operand = inputs.operand((frame) => toWindow(readPage(frame)))
  const part = (index: number): BoundSql => sql`${param({ operand, encode: (value: Value) => (value as Value[])[index] })}::bigint`
  // Postgres plans a limit it cannot see anew every time: usual sizes and the first page stand in the text.
  const size = inputs.choice((values) => (numberAt(values[operand], 0) <= writtenMax ? String(numberAt(values[operand], 0)) : ''))
  const start = inputs.choice((values) => (numberAt(values[operand], 1) === 0 ? '0' : ''))
  const limited = (piece: BoundSql, at: Shape): BoundSql =>
    sql`${piece} limit ${at[size] === '' ? part(0) : raw(at[size] ?? '')}${at[start] === '0' ? raw('') : sql` offset ${part(1)}`}`
  const pageOf = (reading: Reading): Page => fromWindow(reading.values[operand] as Value[])
  return {
    inputs,
    sql: (at) => limited(rows(at), at),
    ...(tail ? { tail } : {}),
    total: { sql: total, wanted: (reading) => pageOf(reading).totals },
    once,
    finish: (found, reading, counted) => {
      const page = pageOf(reading)
      return envelope(found.length, found.slice(0, page.perPage).map(read), page, counted)
    },
    json: {
      shape,
      finish: (found, reading, counted) => {
        const page = pageOf(reading)
        return envelope(found.length, jsonItems(found.slice(0, page.perPage)), page, counted)
      },
    },
  }
}
