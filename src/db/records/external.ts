/** What callers may change about one run of a query: filters and sorting that arrive as data. */
import { constantOf } from '../../lang/constant.js'
import type { Expr } from '../../lang/tree.js'
import type { Value } from '../../lib/value.js'
import type { Frame } from '../../runtime/frame.js'
import { type ExternalSort, readExternalSort } from '../external-filter.js'
import { needsQuery } from '../scope.js'
import { type CompileContext, isAbsent, valueArgument } from './arguments.js'

export interface External {
  filters: readonly { value: Value; param: string }[]
  sort: readonly ExternalSort[] | null
  /** Which argument the sorting came from. */
  sortParam: string
}
export const nothingExternal: External = { filters: [], sort: null, sortParam: '' }

/** Reads the external arguments of one run; null when none is given. The whole is null when the statement takes none. */
export function compileExternals(context: CompileContext): ((frame: Frame) => External | null) | null {
  const { args } = context.request
  const filterNames = ['where', 'search', 'additional_where'].filter((name) => isDynamicFilter(args.get(name), name, context))
  const filters = filterNames.map((name) => [name, valueArgument(context, name)] as const)
  const override = args.get('override_sort')
  const sortNames = [...(isAbsent(override) ? [] : ['override_sort']), ...(isDynamicSort(args.get('sort')) ? ['sort'] : [])]
  const sorts = sortNames.map((name) => [name, valueArgument(context, name)] as const)
  if (filters.length === 0 && sorts.length === 0) return null
  return (frame) => {
    const given = filters.map(([param, evaluate]) => ({ param, value: evaluate(frame) })).filter(({ value }) => value !== null && value !== true)
    for (const [name, evaluate] of sorts) {
      const keys = readExternalSort(evaluate(frame), name)
      if (keys.length > 0) return { filters: given, sort: keys, sortParam: name }
    }
    return given.length === 0 ? null : { filters: given, sort: null, sortParam: '' }
  }
}

/** A filter that arrives as data; `where` itself may be one when it is a bare value. */
export function isDynamicFilter(expr: Expr | undefined, name: string, context: CompileContext): boolean {
  if (expr === undefined || isAbsent(expr)) return false
  if (needsQuery(expr, context.isQueryOnly)) return false
  return name === 'additional_where' || ['variable', 'member', 'index', 'filter', 'object', 'list', 'ternary'].includes(expr.type)
}

export const isDynamicSort = (expr: Expr | undefined): boolean => expr !== undefined && !isAbsent(expr) && constantOf(expr) === undefined
