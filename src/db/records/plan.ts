/** A read as a value: its SQL, and what its rows mean. Run by itself, for many rows at once by an addon, or as JSON that Postgres writes. */
import { raw, sql } from '../../lib/sql.js'
import { isList, isObj, type Obj, RawJson, type Value } from '../../lib/value.js'
import type { Frame } from '../../runtime/frame.js'
import { type BoundSql, CachedSql, type Inputs, type Reading, type Shape } from '../inputs.js'
import type { RowShape } from './row.js'
import { compileRowText } from './row-text.js'
import type { DatabaseSession } from './session.js'

export type RawRow = Record<string, unknown>

export interface ReadPlan {
  inputs: Inputs
  sql(at: Shape): BoundSql
  /** Follows the statement when it stands alone: the lock. */
  tail?(at: Shape): BoundSql
  /** The number of all rows, `select count(*) as count …`, and whether this reading wants it. */
  total?: { sql(at: Shape): BoundSql; wanted(reading: Reading): boolean }
  /** The answer. */
  finish(rows: readonly RawRow[], reading: Reading, total: number | null): Value
  /** What the rows hold, and the answer made of their JSON texts; absent when there are none. */
  json?: { shape: RowShape; finish(rows: readonly string[], reading: Reading, total: number | null): Value }
  /** The text is made of a caller's filter: not worth preparing. */
  once: boolean
  /** One row by a unique key. */
  fast?(reading: Reading): boolean
  /** Identical statements under way share their answer. */
  shared?: boolean
}

export type RunPlan = (session: DatabaseSession, frame: Frame) => Promise<Value>

/** Runs a plan by itself. */
export function runnable(plan: ReadPlan): RunPlan {
  const statement = new CachedSql((at) => sql`${plan.sql(at)}${plan.tail?.(at) ?? raw('')}`, { once: plan.once })
  const count = totalOf(plan)
  return async (session, frame) => {
    const reading = plan.inputs.read(frame)
    const command = statement.command(reading, session.schema)
    const fast = plan.fast?.(reading) === true
    const found = plan.shared ? session.runShared(command) : session.run(command, { fast })
    const counting = count(session, reading)
    const [{ rows }, total] = counting === null ? [await found, null] : await Promise.all([found, counting])
    return plan.finish(rows, reading, total)
  }
}

/** Runs a plan whose rows go out as text; null when they must become values first. */
export function passingThrough(plan: ReadPlan): RunPlan | null {
  const { json } = plan
  if (json === undefined) return null
  const row = compileRowText(json.shape)
  if (row === null) return null
  const { wrap, text } = row
  const statement = new CachedSql((at) => wrap(sql`${plan.sql(at)}${plan.tail?.(at) ?? raw('')}`), { once: plan.once })
  const count = totalOf(plan)
  return async (session, frame) => {
    const reading = plan.inputs.read(frame)
    const fast = plan.fast?.(reading) === true
    const command = statement.command(reading, session.schema)
    const found = session.runTexts(command, fast)
    const counting = count(session, reading)
    const [rows, total] = counting === null ? [await found, null] : await Promise.all([found, counting])
    return json.finish(rows.map(text), reading, total)
  }
}

/** The number of all rows, under way beside them; null when nobody asks. */
function totalOf(plan: ReadPlan): (session: DatabaseSession, reading: Reading) => Promise<number> | null {
  const { total } = plan
  if (total === undefined) return () => null
  const statement = new CachedSql((at) => total.sql(at), { once: plan.once })
  const count = async (session: DatabaseSession, reading: Reading): Promise<number> => {
    const { rows } = await session.runShared(statement.command(reading, session.schema))
    return Number(rows[0]?.['count'] ?? 0)
  }
  return (session, reading) => (total.wanted(reading) ? count(session, reading) : null)
}

/** JSON texts as the text of a list. */
export const jsonItems = (rows: readonly string[]): RawJson => new RawJson(`[${rows.join(',')}]`)
/** The first JSON text, or null. */
export const jsonFirst = (rows: readonly string[]): Value => (rows[0] === undefined ? null : new RawJson(rows[0]))
/** The rows within an answer: of a list, of a page, or the row itself. */
export function rowsIn(answer: Value, paged: boolean): Obj[] {
  if (isList(answer)) return answer.filter(isObj)
  if (!isObj(answer)) return []
  const items = paged ? answer.get('items') : undefined
  return isList(items) ? items.filter(isObj) : [answer]
}
