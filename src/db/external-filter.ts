/**
 * Filters and sorting that callers send as JSON. Columns are looked up by name among those a caller may see; values are only ever parameters.
 * Two grammars become one list: `{"expression": [{statement, or, group}]}` (and the newer flat form), and `{"col|op|or": value}`.
 */
import { AppError, inputError } from '../errors.js'
import { isList, isObj, type Obj, type Value } from '../lib/value.js'
import { compileBetween, compileComparison, isQueryOperator } from './compare.js'
import type { BuildCondition } from './inputs.js'
import { columnNames, findPublicColumn, type Scope, unknownColumn } from './scope.js'
import { columnTerm, type Term, type Typed } from './term.js'
import { allOf, anyOf } from './where.js'

const conditionsMax = 200

/** Compiles a caller's filter; null when it says nothing. `param` names the input in errors. Throws `inputError` for anything it does not know. */
export function compileExternalFilter(filter: Value, scope: Scope, param: string): BuildCondition | null {
  const state = { param, left: conditionsMax }
  return compileExpression(filter, scope, state)
}

interface State {
  param: string
  left: number
}

function compileExpression(filter: Value, scope: Scope, state: State): BuildCondition | null {
  if (filter === null || filter === '') return null
  if (isList(filter)) return compileEntries(filter, scope, state)
  if (!isObj(filter)) throw inputError(state.param, `Input "${state.param}" is not a filter.`)
  const expression = filter.get('expression')
  if (isList(expression)) return compileEntries(expression, scope, state)
  return compileEntry(filter, scope, state)
}

/** AND binds before OR, as in SQL: a run of ANDed entries ends where an entry says `or`. */
function compileEntries(entries: readonly Value[], scope: Scope, state: State): BuildCondition | null {
  const groups: BuildCondition[][] = [[]]
  for (const entry of entries) {
    if (!isObj(entry)) throw inputError(state.param, `Input "${state.param}" is not a filter.`)
    if (--state.left < 0) throw inputError(state.param, `Input "${state.param}" has more than ${conditionsMax} conditions.`)
    const condition = compileEntry(entry, scope, state)
    if (condition === null) continue
    if (isAlternative(entry) && groups.at(-1)?.length !== 0) groups.push([])
    groups.at(-1)?.push(condition)
  }
  const kept = groups.filter((group) => group.length > 0).map(allOf)
  return kept.length === 0 ? null : anyOf(kept)
}

/** `{…, or: true}`, and `{"name|=|or": …}` as an entry of a list. */
const isAlternative = (entry: Obj): boolean => entry.get('or') === true || /\|\s*or\s*$/i.test([...entry.keys()][0] ?? '')

function compileEntry(entry: Obj, scope: Scope, state: State): BuildCondition | null {
  const group = entry.get('group')
  if (isObj(group)) return compileExpression(group, scope, state)
  const statement = entry.get('statement')
  if (isObj(statement)) return compileStatement(statement, scope, state)
  if (entry.has('left')) return compileStatement(entry, scope, state)
  return compilePairs(entry, scope, state)
}

/** `{left: {tag: "col", operand}, op, right: {tag?, operand}}`. */
function compileStatement(statement: Obj, scope: Scope, state: State): BuildCondition {
  const left = statement.get('left')
  const operand = isObj(left) ? left.get('operand') : left
  if (typeof operand !== 'string') throw inputError(state.param, `Input "${state.param}" has a condition without a column.`)
  const right = statement.get('right') ?? null
  return compileOperation(operand, String(statement.get('op') ?? '='), right, scope, state)
}

/** `{"age|>=": 18, "name|ilike|or": "a%"}`: keys are ANDed, `|or` starts an alternative. */
function compilePairs(entry: Obj, scope: Scope, state: State): BuildCondition | null {
  const groups: BuildCondition[][] = [[]]
  for (const [key, value] of entry) {
    if (key === 'or' || key === 'type') continue
    if (--state.left < 0) throw inputError(state.param, `Input "${state.param}" has more than ${conditionsMax} conditions.`)
    const [column = '', ...words] = key.split('|').map((word) => word.trim())
    const isOr = words.at(-1)?.toLowerCase() === 'or'
    const op = (isOr ? words.slice(0, -1) : words).join(' ')
    if (isOr && groups.at(-1)?.length !== 0) groups.push([])
    groups.at(-1)?.push(compileOperation(column, op === '' ? '=' : op, value, scope, state))
  }
  const kept = groups.filter((group) => group.length > 0).map(allOf)
  return kept.length === 0 ? null : anyOf(kept)
}

function compileOperation(column: string, written: string, right: Value, scope: Scope, state: State): BuildCondition {
  const ref = findPublicColumn(column, scope)
  if (ref === undefined) throw refuse(unknownColumn(column, publicNames(scope)), state)
  const op = written.toLowerCase().trim().replace(/\s+/g, ' ')
  if (!isQueryOperator(op)) throw inputError(state.param, `Unknown operator: ${written}`)
  const left = columnTerm(ref, scope.inputs)
  try {
    return compileParts(left, op, right, scope, state)
  } catch (error) {
    if (error instanceof AppError && error.kind === 'fatal') throw inputError(state.param, error.message)
    throw error
  }
}

function compileParts(left: Typed, op: string, right: Value, scope: Scope, state: State): BuildCondition {
  if (op === 'between' || op === 'not between') {
    const bounds = isObj(right) ? right.get('operand') : right
    if (!isList(bounds) || bounds.length !== 2) throw inputError(state.param, 'between needs a list of two values.')
    const [low, high] = bounds.map((bound) => given(bound, scope)) as [Term, Term]
    return compileBetween(left, low, high, op === 'not between', false, scope.inputs)
  }
  return compileComparison({ op, left, right: rightTerm(right, scope, state), ignoreNull: false }, scope.inputs)
}

const given = (value: Value, scope: Scope): Term => ({ kind: 'given', operand: scope.inputs.operand(() => value) })

/** A tagged operand (`col`, `const`, `const:int` …) or the value itself. */
function rightTerm(right: Value, scope: Scope, state: State): Term {
  if (!isObj(right) || !right.has('operand')) return given(right, scope)
  const operand = right.get('operand') ?? null
  const tag = right.get('tag') ?? 'const'
  if (tag === 'col') {
    const ref = findPublicColumn(String(operand), scope)
    if (ref === undefined) throw refuse(unknownColumn(String(operand), publicNames(scope)), state)
    return columnTerm(ref, scope.inputs)
  }
  if (typeof tag !== 'string' || !tag.startsWith('const')) throw inputError(state.param, `Unknown tag: ${String(tag)}`)
  return given(operand, scope)
}

const publicNames = (scope: Scope): string[] => columnNames(scope).filter((name) => findPublicColumn(name, scope) !== undefined)

/** The same message, as an input error that names the parameter. */
const refuse = (error: AppError, { param }: State): AppError => new AppError('input', error.message, { payload: { param }, hint: error.hint })

export interface ExternalSort {
  column: string
  order: 'asc' | 'desc' | 'rand'
}

/** Reads `[{sortBy, orderBy}]`, `{col: "asc"}` or a list of such. Throws `inputError`. */
export function readExternalSort(value: Value, param: string): ExternalSort[] {
  if (value === null || value === '') return []
  if (isList(value)) return value.flatMap((item) => readExternalSort(item, param))
  if (!isObj(value)) throw inputError(param, `Input "${param}" is not a sorting.`)
  if (value.has('sortBy')) return [toSort(value.get('sortBy') ?? null, value.get('orderBy') ?? 'asc', param)]
  return [...value].map(([column, order]) => toSort(column, order, param))
}

function toSort(column: Value, order: Value, param: string): ExternalSort {
  const direction = String(order ?? 'asc').toLowerCase()
  if (typeof column !== 'string' || (direction !== 'asc' && direction !== 'desc' && direction !== 'rand'))
    throw inputError(param, `Input "${param}" is not a sorting.`)
  return { column, order: direction }
}
