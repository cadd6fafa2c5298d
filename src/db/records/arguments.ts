/** Reads the arguments of a database statement: what must be known when compiling, and what is evaluated when it runs. */
import { fatal, inputError } from '../../errors.js'
import { constantOf } from '../../lang/constant.js'
import { didYouMean } from '../../lang/suggest.js'
import type { Expr } from '../../lang/tree.js'
import { isObj, isTruthy, type Obj, type Value } from '../../lib/value.js'
import type { RecordsRequest } from '../../runtime/capabilities.js'
import type { SqlFace } from '../../runtime/define.js'
import type { Evaluate } from '../../runtime/frame.js'
import { Inputs } from '../inputs.js'
import type { Scope } from '../scope.js'
import type { TableInfo } from '../table-info.js'

/** What every statement's compiler gets. */
export interface CompileContext {
  request: RecordsRequest
  /** Throws AppError `fatal` with a did-you-mean for an unknown table. */
  table(name: string): TableInfo
  lookupSqlFilter(name: string): SqlFace | undefined
  isQueryOnly(name: string): boolean
  /** The name of the table with that name or id. */
  findTable(nameOrId: string): string | undefined
  /** What `db.direct_query` may do. */
  directQuery: 'off' | 'read' | 'write' | 'raw'
  /** Names of the addons this statement is part of, outermost first. */
  addons: readonly string[]
}

/** The value of an argument that must be a literal. */
export function constantValue(expr: Expr, name: string): Value {
  const value = constantOf(expr)
  if (value === undefined) throw fatal(`"${name}" must be written out, without variables.`)
  return value
}

/** The table in the head. */
export function headTable({ request, table }: CompileContext): TableInfo {
  if (request.table === undefined || request.table === '') throw fatal(`db.${request.operation} needs the name of a table.`)
  return table(request.table)
}

export const isAbsent = (expr: Expr | undefined): boolean => expr === undefined || (expr.type === 'constant' && expr.name === 'null')

/** An argument compiled, null when absent. */
export function valueArgument({ request }: CompileContext, ...names: string[]): Evaluate {
  const expr = names.map((name) => request.args.get(name)).find((found) => found !== undefined)
  return expr === undefined ? () => null : request.compileValue(expr)
}

export const boolArgument = (context: CompileContext, name: string): ((...args: Parameters<Evaluate>) => boolean) => {
  const evaluate = valueArgument(context, name)
  return (frame) => isTruthy(evaluate(frame))
}

/** Members of an object literal by key; an object with computed keys or spreads is refused. */
export function literalMembers(expr: Expr | undefined, name: string): Map<string, Expr> {
  if (expr === undefined || isAbsent(expr)) return new Map()
  if (expr.type !== 'object') throw fatal(`"${name}" must be an object written out: {key: value}.`)
  return new Map(
    expr.entries.map((entry) => {
      if (entry.type !== 'entry') throw fatal(`The keys of "${name}" must be written out.`)
      return [entry.key, entry.value]
    }),
  )
}

/** A scope over one table under its own name. */
export const scopeOf = (context: CompileContext, info: TableInfo, inputs = new Inputs()): Scope => ({
  main: { alias: info.model.name, info },
  joined: [],
  inputs,
  compileValue: context.request.compileValue,
  lookupSqlFilter: context.lookupSqlFilter,
  isQueryOnly: context.isQueryOnly,
})

/** Keys of a written-out object that are no columns are told when saving; like those of a computed one they are left out. */
export function checkWrittenKeys({ request }: CompileContext, info: TableInfo): void {
  const expr = request.args.get('data')
  if (expr?.type !== 'object') return
  for (const entry of expr.entries) {
    if (entry.type !== 'entry' || info.byName.has(entry.key)) continue
    request.warn(
      `Table "${info.model.name}" has no column "${entry.key}": it is not written.`,
      didYouMean(entry.key, info.byName.keys()) ?? 'Add the column to the table or leave the key out.',
    )
  }
}

/** The object a data argument evaluates to. */
export function asData(value: Value, name = 'data'): Obj {
  if (isObj(value)) return value
  if (value === null) throw inputError(name, `Missing param: ${name}`)
  throw fatal(`"${name}" must be an object.`)
}
