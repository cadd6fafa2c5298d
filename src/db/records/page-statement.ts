/** The statements of one page: its rows, and beside them the total when that is asked for. */
import { param, sql } from '../../lib/sql.js'
import type { Obj, Value } from '../../lib/value.js'
import type { Frame } from '../../runtime/frame.js'
import { type BoundSql, CachedSql, type Inputs, type Shape } from '../inputs.js'
import { envelope, firstRow, type Page } from './paging.js'
import type { DatabaseSession } from './session.js'

export interface PageParts {
  inputs: Inputs
  readPage: (frame: Frame) => Page
  /** Ordered rows, without limit. */
  rows: (shape: Shape) => BoundSql
  /** What follows the limit. */
  lock: (shape: Shape) => BoundSql
  /** `select count(*) as count …`. */
  total: (shape: Shape) => BoundSql
  read: (row: Record<string, unknown>) => Obj
  once: boolean
}

/** Compiles a page. One more row than it holds tells whether there is a next one. */
export function compilePage({ inputs, readPage, rows, lock, total, read, once }: PageParts): (session: DatabaseSession, frame: Frame) => Promise<Value> {
  const pages = new WeakMap<Value[], Page>()
  const operand = inputs.operand((frame) => {
    const page = readPage(frame)
    const window = [page.perPage + 1, firstRow(page)]
    pages.set(window, page)
    return window
  })
  const part = (index: number): BoundSql => sql`${param({ operand, encode: (value: Value) => (value as Value[])[index] })}::bigint`
  const statement = new CachedSql((at) => sql`${rows(at)} limit ${part(0)} offset ${part(1)}${lock(at)}`, { once })
  const count = new CachedSql(total, { once })
  return async (session, frame) => {
    const reading = inputs.read(frame)
    const page = pages.get(reading.values[operand] as Value[]) as Page
    const [found, counted] = await Promise.all([
      session.run(statement.command(reading, session.schema)),
      page.totals ? session.runShared(count.command(reading, session.schema)) : null,
    ])
    return envelope(found.rows.map(read), page, counted === null ? null : Number(counted.rows[0]?.['count'] ?? 0))
  }
}
