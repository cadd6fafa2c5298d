/** The operators of query expressions between two operands, with the meaning of nulls decided when the statement runs. */
import { fatal } from '../errors.js'
import { Invalid } from '../fields/field-type.js'
import { join, raw, sql } from '../lib/sql.js'
import { isList, isObj, toPlain, type Value } from '../lib/value.js'
import type { Bound, BoundSql, BuildCondition, Inputs } from './inputs.js'
import { bindAs, bindRaw, codecOf, coerceFor, encodeText, type Given, isJson, isNumber, isText, sqlTypeOf, type Term, type Typed, textOf } from './term.js'

export interface Comparison {
  /** As in the text: `==`, `not in`, `ilike` … */
  op: string
  left: Term
  right: Term
  /** Skipped when the right side is null. */
  ignoreNull: boolean
}

const always =
  (piece: BoundSql): BuildCondition =>
  () =>
    piece
const FALSE: BoundSql = raw('false')
const TRUE: BoundSql = raw('true')
const jsonText = (value: Value): string => JSON.stringify(toPlain(value))

type Operator = (comparison: Comparison, inputs: Inputs) => BuildCondition

/** Compiles one comparison. Throws AppError `fatal` when the operator does not fit the operands. */
export function compileComparison(comparison: Comparison, inputs: Inputs): BuildCondition {
  const operator = operators.get(comparison.op)
  if (operator === undefined) throw fatal(`Invalid op: ${comparison.op}`, { hint: `Query operators are ${[...operators.keys()].join(' ')}.` })
  const condition = operator(comparison, inputs)
  if (!comparison.ignoreNull || comparison.right.kind !== 'given') return condition
  const { operand } = comparison.right
  const skips = inputs.choice((values) => (values[operand] === null ? 'skip' : ''))
  return (shape) => (shape[skips] === 'skip' ? null : condition(shape))
}

/** A value on the left stands on the right of the mirrored operator. */
const mirrored: Readonly<Record<string, string>> = { '==': '==', '!=': '!=', '<': '>', '<=': '>=', '>': '<', '>=': '<=' }

/** `==` and `!=`. A null value asks for null; a value the column cannot hold equals nothing. */
const equality =
  (negated: boolean): Operator =>
  ({ left, right }, inputs) => {
    if (left.kind === 'typed' && right.kind === 'typed') return always(compareTyped(left, negated ? '<>' : '=', right))
    const term = left.kind === 'typed' ? left : (right as Typed)
    const given = left.kind === 'given' ? left : (right as Given)
    if (term.kind !== 'typed') return givenOnly(negated ? '!=' : '==', left as Given, right as Given, inputs)
    const state = inputs.choice((values) => {
      const value = values[given.operand] as Value
      if (value === null) return 'null'
      return coerceFor(term, value) instanceof Invalid ? 'never' : ''
    })
    const bound = bindAs(term, given.operand)
    const compared = sql`${term.sql} ${raw(negated ? '<>' : '=')} ${bound}`
    return (shape) => {
      if (shape[state] === 'null') return isNull(term, negated)
      if (shape[state] === 'never') return negated ? isNull(term, true) : FALSE
      return compared
    }
  }

/** JSON null counts as null. */
function isNull(term: Typed, negated: boolean): BoundSql {
  if (isJson(term)) return sql`coalesce(${term.sql}, 'null'::jsonb) ${raw(negated ? '<>' : '=')} 'null'::jsonb`
  return sql`${term.sql} is ${raw(negated ? 'not null' : 'null')}`
}

function compareTyped(left: Typed, op: string, right: Typed): BoundSql {
  const [a, b] = [sqlTypeOf(left), sqlTypeOf(right)]
  if (a === b || (isNumber(left) && isNumber(right)) || a === 'unknown' || b === 'unknown') return sql`${left.sql} ${raw(op)} ${right.sql}`
  if (isJson(left) || isJson(right)) return sql`to_jsonb(${left.sql}) ${raw(op)} to_jsonb(${right.sql})`
  return sql`(${left.sql})::text ${raw(op)} (${right.sql})::text`
}

/** Two values and a query operator: rare, compared as text. */
function givenOnly(op: string, left: Given, right: Given, inputs: Inputs): BuildCondition {
  const state = inputs.choice((values) => {
    const [a, b] = [values[left.operand] as Value, values[right.operand] as Value]
    const same = a === null || b === null ? a === b : encodeText(a) === encodeText(b)
    return same === (op === '==') ? 'true' : 'false'
  })
  return (shape) => (shape[state] === 'true' ? TRUE : FALSE)
}

/** `<` and its kin. A fraction beside an int column moves to the next int on the right side. */
const order =
  (op: '<' | '<=' | '>' | '>='): Operator =>
  ({ left, right }, inputs) => {
    if (left.kind === 'typed' && right.kind === 'typed') return always(compareTyped(left, op, right))
    if (left.kind === 'given' && right.kind === 'given') throw fatal(`${op} needs a column on one side.`)
    if (left.kind === 'given') return order(mirrored[op] as '<')({ op, left: right, right: left, ignoreNull: false }, inputs)
    const term = left
    const { operand } = right as Given
    if (isJson(term)) {
      const bound = bindRaw(operand, 'jsonb', jsonText)
      return always(sql`(jsonb_typeof(${term.sql}) = jsonb_typeof(${bound}) and ${term.sql} ${raw(op)} ${bound})`)
    }
    const compared = sql`${term.sql} ${raw(op)} ${bindAs(term, operand, term.type === 'int' ? roundFor(op) : undefined)}`
    const { positive } = term
    if (positive === undefined || op === '<' || op === '<=') return always(compared)
    const state = inputs.choice((values) => (asksAboveZero(op, values[operand] as Value) ? 'positive' : ''))
    return (shape) => (shape[state] === 'positive' ? sql`(${positive} and ${compared})` : compared)
  }

/** Whether only rows above 0 can hold. */
const asksAboveZero = (op: '>' | '>=', value: Value): boolean => typeof value === 'number' && (op === '>' ? value >= 0 : value > 0)

/** `x > 1.5` is `x > 1`, `x >= 1.5` is `x >= 2`: the same rows, and an index on ints still helps. */
const roundFor =
  (op: string) =>
  (value: Value): Value => {
    const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
    if (typeof number !== 'number' || !Number.isFinite(number)) return value
    return op === '>' || op === '<=' ? Math.floor(number) : Math.ceil(number)
  }

const between =
  (negated: boolean): Operator =>
  () => {
    throw fatal(`${negated ? 'not between' : 'between'} needs a low and a high value.`)
  }

/** `col between low:high`. With `?` a null bound is open. */
export function compileBetween(term: Term, low: Term, high: Term, negated: boolean, ignoreNull: boolean, inputs: Inputs): BuildCondition {
  const from = compileComparison({ op: '>=', left: term, right: low, ignoreNull }, inputs)
  const to = compileComparison({ op: '<=', left: term, right: high, ignoreNull }, inputs)
  return (shape) => {
    const parts = [from(shape), to(shape)].filter((part) => part !== null)
    if (parts.length === 0) return null
    return negated ? sql`not (${join(parts, ' and ')})` : sql`(${join(parts, ' and ')})`
  }
}

/** Items of a list that the term can hold, encoded for an array of its type. */
function encodeItems(term: Typed): Bound['encode'] {
  const codec = codecOf({ type: term.type, list: false })
  const item = { ...term, list: false }
  return (value, clock) =>
    (isList(value) ? value : [value]).flatMap((member) => {
      if (member === null) return []
      if (isJson(item)) return [jsonText(member)]
      const coerced = coerceFor(item, member, clock)
      return coerced instanceof Invalid || codec === undefined ? [] : [codec.encode(coerced)]
    })
}

const arrayOf = (term: Typed, operand: number): BoundSql => {
  const encode = encodeItems(term)
  const itemType = isJson({ ...term, list: false }) ? 'jsonb' : sqlTypeOf({ type: term.type, list: false })
  // A null list holds nothing.
  return sql`coalesce(${bindRaw(operand, `${itemType}[]`, encode)}, '{}')`
}

/** `in`: membership in a list; an empty list or null has no members. */
const membership =
  (negated: boolean): Operator =>
  ({ left, right, ignoreNull }, inputs) => {
    const wrap = (piece: BoundSql): BuildCondition => always(negated ? sql`not ${piece}` : piece)
    if (left.kind === 'typed' && right.kind === 'given') {
      const array = arrayOf({ ...left, list: false }, right.operand)
      return always(negated ? sql`${left.sql} <> all(${array})` : sql`${left.sql} = any(${array})`)
    }
    if (right.kind === 'given') throw fatal('"in" needs a column on one side.')
    if (!right.list && !isJson(right)) return (negated ? equality(true) : equality(false))({ op: '==', left, right, ignoreNull }, inputs)
    if (left.kind === 'given') return contains(negated)({ op: 'contains', left: right, right: left, ignoreNull }, inputs)
    return wrap(isJson(right) ? sql`(${right.sql} @> to_jsonb(${left.sql}))` : sql`(${left.sql} = any(${right.sql}))`)
  }

/** `contains`: all given items are in the list; JSON containment; substring of text. */
const contains =
  (negated: boolean): Operator =>
  ({ left, right }, inputs) => {
    const wrap = (piece: BoundSql): BuildCondition => always(negated ? sql`not (${piece})` : piece)
    if (left.kind === 'given') {
      if (right.kind === 'given') throw fatal('"contains" needs a column on one side.')
      return wrap(sql`${right.sql} = any(${arrayOf({ ...right, list: false }, left.operand)})`)
    }
    if (right.kind === 'typed') return wrap(containsTyped(left, right))
    if (isJson(left)) return containsJson(left, right.operand, negated, inputs)
    if (left.list) return wrap(sql`${left.sql} @> ${bindRaw(right.operand, sqlTypeOf(left), encodeAll(left))}`)
    if (!isText(left)) throw fatal(`"contains" needs a list, JSON or text column; "${left.label}" is ${left.type}.`)
    return wrap(sql`strpos(${left.sql}, ${bindRaw(right.operand, 'text', encodeText)}) > 0`)
  }

/** An object is contained in one that has its members, and in a list with such an object. */
function containsJson(left: Typed, operand: number, negated: boolean, inputs: Inputs): BuildCondition {
  const wanted = bindRaw(operand, 'jsonb', jsonText)
  const isObject = inputs.choice((values) => (isObj(values[operand] as Value) ? 'object' : ''))
  const inside = sql`${left.sql} @> ${wanted}`
  const inList = sql`(${inside} or (jsonb_typeof(${left.sql}) = 'array' and ${left.sql} @> jsonb_build_array(${wanted})))`
  return (shape) => {
    const piece = shape[isObject] === 'object' ? inList : inside
    return negated ? sql`not (${piece})` : piece
  }
}

/** Every item must be held: one that the type refuses is held by no row. */
const encodeAll = (term: Typed): Bound['encode'] => {
  const encode = encodeItems(term)
  return (value, clock) => {
    const wanted = (isList(value) ? value : [value]).filter((item) => item !== null)
    const encoded = encode(wanted, clock) as unknown[]
    return encoded.length < wanted.length ? null : encoded
  }
}

function containsTyped(left: Typed, right: Typed): BoundSql {
  if (isJson(left)) return sql`${left.sql} @> to_jsonb(${right.sql})`
  if (left.list) return right.list ? sql`${left.sql} @> ${right.sql}` : sql`${right.sql} = any(${left.sql})`
  return sql`strpos(${textOf(left)}, ${textOf(right)}) > 0`
}

/** `@>`: containment of lists and JSON only. */
const containment: Operator = (comparison, inputs) => {
  const { left } = comparison
  if (left.kind !== 'typed' || (!left.list && !isJson(left))) throw fatal('"@>" needs a list or JSON column on its left.')
  if (isJson(left) && comparison.right.kind === 'given') return always(sql`${left.sql} @> ${bindRaw(comparison.right.operand, 'jsonb', jsonText)}`)
  return contains(false)(comparison, inputs)
}

/** `overlaps`: at least one item is shared. */
const overlap =
  (negated: boolean): Operator =>
  ({ left, right }) => {
    if (left.kind !== 'typed' || (!left.list && !isJson(left))) throw fatal('"overlaps" needs a list or JSON column on its left.')
    const wrap = (piece: BoundSql): BuildCondition => always(negated ? sql`not (${piece})` : piece)
    if (!isJson(left)) return wrap(sql`${left.sql} && ${right.kind === 'typed' ? right.sql : arrayOf(left, right.operand)}`)
    const wanted =
      right.kind === 'typed'
        ? sql`(select array_agg(x) from jsonb_array_elements(to_jsonb(${right.sql})) x)`
        : arrayOf({ ...left, type: 'json', list: false }, right.operand)
    return wrap(
      sql`exists (select from jsonb_array_elements(case when jsonb_typeof(${left.sql}) = 'array' then ${left.sql} else '[]' end) as item where item = any(${wanted}))`,
    )
  }

const likeEscape = (value: Value): string => `%${encodeText(value).replace(/[\\%_]/g, '\\$&')}%`

/** Patterns over the text of the left side. */
const pattern =
  (sqlOperator: string, encode: (value: Value) => unknown = encodeText): Operator =>
  ({ left, right }) => {
    if (left.kind !== 'typed') throw fatal('A pattern is compared with a column on its left.')
    const wanted = right.kind === 'typed' ? includedText(right, encode) : bindRaw(right.operand, 'text', encode)
    if (left.list && !isJson(left)) {
      const negated = /^(not |!)/.test(sqlOperator)
      const plain = sqlOperator.replace(/^(not |!)/, '')
      return always(sql`${raw(negated ? 'not ' : '')}exists (select from unnest(${left.sql}) as item where item::text ${raw(plain)} ${wanted})`)
    }
    return always(sql`${textOf(left)} ${raw(sqlOperator)} ${wanted}`)
  }

const includedText = (right: Typed, encode: (value: Value) => unknown): BoundSql =>
  encode === encodeText ? textOf(right) : sql`('%' || replace(replace(replace(${textOf(right)}, E'\\\\', E'\\\\\\\\'), '%', E'\\\\%'), '_', E'\\\\_') || '%')`

/** Every operator by its spelling. */
const operators: ReadonlyMap<string, Operator> = new Map<string, Operator>([
  ['==', equality(false)],
  ['=', equality(false)],
  ['===', equality(false)],
  ['!=', equality(true)],
  ['!==', equality(true)],
  ['<>', equality(true)],
  ['<', order('<')],
  ['<=', order('<=')],
  ['>', order('>')],
  ['>=', order('>=')],
  ['in', membership(false)],
  ['not in', membership(true)],
  ['between', between(false)],
  ['not between', between(true)],
  ['contains', contains(false)],
  ['not contains', contains(true)],
  ['@>', containment],
  ['overlaps', overlap(false)],
  ['not overlaps', overlap(true)],
  ['like', pattern('like')],
  ['not like', pattern('not like')],
  ['ilike', pattern('ilike')],
  ['not ilike', pattern('not ilike')],
  ['includes', pattern('ilike', likeEscape)],
  ['not includes', pattern('not ilike', likeEscape)],
  ['~', pattern('~')],
  ['!~', pattern('!~')],
  ['regex', pattern('~')],
  ['not regex', pattern('!~')],
])

export const isQueryOperator = (op: string): boolean => operators.has(op)
