/** Dates, pages and searches as every list of the Metadata API answers them. */

import { inputError } from '../../errors.js'
import type { MetaCall } from './route.js'

/** `YYYY-MM-DD HH:MM:SS+0000` of epoch ms. */
export const dateText = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')}+0000`

export interface Page<T> {
  itemsReceived: number
  curPage: number
  nextPage: number | null
  prevPage: number | null
  offset: number
  perPage: number
  itemsTotal: number
  pageTotal: number
  items: T[]
}

export interface Window {
  page: number
  perPage: number
}

/** `page` and `per_page` of the query. */
export function windowOf(call: Pick<MetaCall, 'query'>, fallback = 50, most = 10_000): Window {
  return {
    page: wholeNumber(call.query('page'), 'page', 1, 1, Number.MAX_SAFE_INTEGER),
    perPage: wholeNumber(call.query('per_page'), 'per_page', fallback, 1, most),
  }
}

function wholeNumber(text: string, name: string, fallback: number, least: number, most: number): number {
  if (text === '') return fallback
  const value = Number(text)
  if (!Number.isInteger(value) || value < least) throw inputError(name, `"${name}" must be an int of at least ${least}.`)
  return Math.min(value, most)
}

/** The envelope around one page. */
export function envelope<T>(items: T[], total: number, { page, perPage }: Window): Page<T> {
  const pageTotal = Math.ceil(total / perPage)
  return {
    itemsReceived: items.length,
    curPage: page,
    nextPage: page < pageTotal ? page + 1 : null,
    prevPage: page > 1 ? page - 1 : null,
    offset: 0,
    perPage,
    itemsTotal: total,
    pageTotal,
    items,
  }
}

export interface Listed {
  id: number
  name: string
  description: string
  createdAt: number
  updatedAt: number
}

/** Search, sort, order and page of a list held in memory. */
export function pageOf<T extends Listed>(call: MetaCall, rows: readonly T[], defaultSort: SortKey = 'created_at'): Page<T> {
  const window = windowOf(call)
  const wanted = call.query('search').toLowerCase()
  const found = rows.filter((row) => wanted === '' || row.name.toLowerCase().includes(wanted) || row.description.toLowerCase().includes(wanted))
  const sorted = sortRows(found, call.query('sort'), call.query('order'), defaultSort)
  const from = (window.page - 1) * window.perPage
  return envelope(sorted.slice(from, from + window.perPage), found.length, window)
}

type SortKey = 'created_at' | 'updated_at' | 'name' | 'id'
const keyOf: Record<SortKey, (row: Listed) => number | string> = {
  created_at: (row) => row.createdAt,
  updated_at: (row) => row.updatedAt,
  name: (row) => row.name,
  id: (row) => row.id,
}

function sortRows<T extends Listed>(rows: readonly T[], sort: string, order: string, defaultSort: SortKey): T[] {
  if (sort !== '' && !Object.hasOwn(keyOf, sort)) throw inputError('sort', '"sort" must be created_at, updated_at, name or id.')
  if (order !== '' && order !== 'asc' && order !== 'desc') throw inputError('order', '"order" must be asc or desc.')
  const key = keyOf[sort === '' ? defaultSort : (sort as SortKey)]
  const direction = order === 'desc' ? -1 : 1
  return [...rows].sort((a, b) => direction * compare(key(a), key(b)) || a.id - b.id)
}

const compare = (a: number | string, b: number | string): number => (a < b ? -1 : a > b ? 1 : 0)

/** A page with its items turned into JSON. */
export const mapPage = <T, U>(page: Page<T>, toJson: (item: T) => U): Page<U> => ({ ...page, items: page.items.map(toJson) })
