/** Statements on behalf of a caller: Postgres knows who that is, and holds the rules of the tables by itself. */
import { render } from '../../lib/sql.js'
import type { Caller } from '../../runtime/capabilities.js'
import type { Command } from '../inputs.js'
import type { Queryable, QueryResult, Transaction } from '../queryable.js'
import { type GuardOptions, guardSql, unguardSql } from '../rules.js'

export interface Behalf {
  caller: Caller
  /** Table of the caller's account; undefined when anonymous. */
  account: GuardOptions['account']
}

type Rows = QueryResult<Record<string, unknown>>

/** Runs one statement as the caller. `goesOn`: the transaction is not ours, and others follow who are nobody's. */
export async function runAs(
  on: Queryable,
  { caller, account }: Behalf,
  options: Omit<GuardOptions, 'account'>,
  command: Command,
  goesOn: boolean,
  texts = false,
): Promise<Rows> {
  const { text, holes } = render(guardSql(caller, { ...options, account }))
  await on.query(text, holes)
  const result = await on.execute(command.text, command.values, { texts })
  if (goesOn) await on.query(unguardSql)
  return result
}

const turns = new WeakMap<Transaction, Promise<unknown>>()

/** One piece of work at a time: statements of one transaction that were begun together must not meet each other's caller. */
export function inTurn<T>(transaction: Transaction, work: () => Promise<T>): Promise<T> {
  const result = (turns.get(transaction) ?? Promise.resolve()).then(work)
  turns.set(
    transaction,
    result.catch(() => {}),
  )
  return result
}
