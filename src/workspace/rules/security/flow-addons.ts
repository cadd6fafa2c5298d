/** Addons of a statement: queries that it runs for its rows. */
import type { Expr, Statement } from '../../../lang/tree.js'
import { argument, memberOf, textOf } from './syntax.js'

export interface Addon {
  name: string
  input: Expr | undefined
  output: Expr | undefined
}

/** Those of addons too, in the list form and in the one by alias. */
export function addonsOf(statement: Statement): Addon[] {
  return readAddons(argument(statement, 'addon'))
}

function readAddons(expr: Expr | undefined): Addon[] {
  if (expr?.type === 'list') return expr.items.flatMap((item) => (item.type === 'spread' ? [] : readAddons(item)))
  if (expr?.type !== 'object') return []
  const name = textOf(memberOf(expr, 'name'))
  if (name !== undefined) return [readAddon(name, expr), ...readAddons(memberOf(expr, 'addon'))]
  return expr.entries.flatMap((entry) => {
    if (entry.type !== 'entry' || entry.value.type !== 'object') return []
    const named = memberOf(entry.value, 'name') !== undefined
    return named ? readAddons(entry.value) : [readAddon(entry.key, entry.value), ...readAddons(memberOf(entry.value, 'addon'))]
  })
}

const readAddon = (name: string, spec: Expr): Addon => ({ name, input: memberOf(spec, 'input'), output: memberOf(spec, 'output') })
