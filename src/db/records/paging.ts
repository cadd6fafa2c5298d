/** Pages of a list and their envelope. */
import { inputError } from '../../errors.js'
import type { Expr } from '../../lang/tree.js'
import { isObj, isTruthy, type Obj, unmarked, type Value } from '../../lib/value.js'
import type { Evaluate, Frame } from '../../runtime/frame.js'
import { literalMembers } from './arguments.js'

export interface Page {
  page: number
  perPage: number
  /** Rows skipped before page 1. */
  offset: number
  totals: boolean
  /** False: the bare list. */
  metadata: boolean
}

const defaultPerPage = 25
/** Farther is a mistake, and an overflow. */
const positionMax = 2 ** 40

/** Compiles `paging` of `return`; `override` is a caller's `{page, per_page, offset}`. */
export function compilePaging(expr: Expr, override: Evaluate, compileValue: (expr: Expr) => Evaluate): (frame: Frame) => Page {
  const given = expr.type === 'object' ? literalPaging(expr, compileValue) : compileValue(expr)
  return (frame) => {
    const base = given(frame)
    const changed = override(frame)
    const read = (key: string): Value => (isObj(changed) ? changed.get(key) : undefined) ?? (isObj(base) ? base.get(key) : undefined) ?? null
    const metadata = read('metadata')
    return {
      page: readCount(read('page'), 'page', 1, 1),
      perPage: readCount(read('per_page'), 'per_page', defaultPerPage, 1),
      offset: readCount(read('offset'), 'offset', 0, 0),
      totals: isTruthy(read('totals')),
      metadata: metadata === null || isTruthy(metadata),
    }
  }
}

function literalPaging(expr: Expr, compileValue: (expr: Expr) => Evaluate): Evaluate {
  const members = [...literalMembers(expr, 'paging')].map(([key, member]) => [key, compileValue(member)] as const)
  return (frame) => new Map(members.map(([key, evaluate]) => [key, evaluate(frame)]))
}

/** A count at least `least`; null is the fallback, smaller ones are raised. */
function readCount(given: Value, name: string, fallback: number, least: number): number {
  const value = unmarked(given)
  if (value === null || value === '') return fallback
  const number = typeof value === 'string' ? Number(value) : value
  if (typeof number !== 'number' || !Number.isInteger(number) || number > positionMax) throw inputError(name, `Input "${name}" is not an int.`)
  return Math.max(number, least)
}

/** First row of the page, from 0. */
export const firstRow = ({ page, perPage, offset }: Page): number => offset + (page - 1) * perPage

/** The page as callers see it. `found` may be one more than fits: that there is a next page. `total` counts all rows. */
export function envelope(found: number, items: Value, page: Page, total: number | null): Value {
  if (!page.metadata) return items
  const out: Obj = new Map<string, Value>([
    ['itemsReceived', Math.min(found, page.perPage)],
    ['curPage', page.page],
    ['nextPage', found > page.perPage ? page.page + 1 : null],
    ['prevPage', page.page > 1 ? page.page - 1 : null],
    ['offset', page.offset],
    ['perPage', page.perPage],
  ])
  if (total !== null) {
    const counted = Math.max(0, total - page.offset)
    out.set('itemsTotal', total).set('pageTotal', Math.ceil(counted / page.perPage))
  }
  return out.set('items', items)
}
