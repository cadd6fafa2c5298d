/** What the statements about accounts share. */
import { fatal } from '../errors.js'
import { unmarked, type Value } from '../lib/value.js'
import type { Account, Accounts } from '../runtime/accounts.js'
import { toText } from '../runtime/convert.js'
import type { ArgumentSpec, Arguments } from '../runtime/define.js'
import type { Frame } from '../runtime/frame.js'

export const tableArgument: ArgumentSpec = { type: 'text', summary: 'A table with auth enabled.', required: true }
export const idArgument: ArgumentSpec = { type: 'any', summary: 'Id of the row.', required: true }

export function accountsOf({ run }: Frame): Accounts {
  if (run.accounts === undefined) throw fatal('Accounts cannot be reached here: this run was given no account services.')
  return run.accounts
}

/** Throws AppError `fatal` without an id: a lookup that found nothing must not go on as if it had. */
export function accountOf({ table, id }: Arguments): Account {
  if (id === null || id === undefined || id === '' || unmarked(id) === 0)
    throw fatal('The id of the row is missing.', { hint: 'Check that the account was found.' })
  return { table: textOf(table), id }
}

export const textOf = (value: Value | undefined): string => toText(value ?? null)
