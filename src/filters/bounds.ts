/** Bounds on what one filter may produce, so that a short program cannot ask for an endless value. */
import { type AppError, fatal } from '../errors.js'
import type { FilterContext } from '../runtime/define.js'

/** UTF-16 units. */
export const maxTextLength = 64 * 1024 * 1024
export const maxListLength = 10_000_000
/** Nesting of lists and objects a filter walks into. */
export const maxDepth = 500

const tooLarge = (filter: string, what: string): AppError =>
  fatal(`Filter "${filter}" would produce ${what}.`, { hint: 'Work on smaller pieces.', name: 'LimitError' })

/** Pays for `length` elements about to be visited or produced. */
export function spendList(context: FilterContext, filter: string, length: number): void {
  if (length > maxListLength) throw tooLarge(filter, `more than ${maxListLength} elements`)
  context.spend(length)
}

/** Fails when text has grown too long. */
export function assertTextLength(filter: string, length: number): void {
  if (length > maxTextLength) throw tooLarge(filter, `text longer than ${maxTextLength} characters`)
}

/** Pays for text of `length` units about to be produced. */
export function spendText(context: FilterContext, filter: string, length: number): void {
  assertTextLength(filter, length)
  context.spend(Math.ceil(length / 64))
}

/** Fails when a value is nested deeper than any sane program needs. */
export function assertDepth(filter: string, depth: number): void {
  if (depth > maxDepth) throw fatal(`Filter "${filter}" met a value nested deeper than ${maxDepth} levels.`, { name: 'LimitError' })
}
