/** The comparison and logic family. */
import { fatal } from '../errors.js'
import { sql } from '../lib/sql.js'
import { isList, isObj, isTruthy, type Value } from '../lib/value.js'
import { defineFilter, type FilterCase, type FilterContext, type FilterSpec, type ValueFilter } from '../runtime/define.js'
import { compare, looseEquals } from '../runtime/operators.js'
import { spendList } from './bounds.js'
import { collectionOf, intOf } from './operand.js'
import { argument, isJsonTerm, likeInput, term, textSql, typedInput } from './sql-face.js'

const group = 'comparison'

/** A filter that asks one question of the input and one value. */
function defineComparison(
  spec: { name: string; aliases?: string[]; summary: string; cases: FilterCase[] },
  answer: (input: Value, value: Value) => boolean,
): ValueFilter {
  return defineFilter({
    ...spec,
    group,
    input: 'any',
    returns: 'bool',
    args: [{ name: 'value', type: 'any', required: true }],
    scalar: true,
    apply: (input, args) => answer(input, args[0] ?? null),
  })
}

export const equals = defineComparison(
  {
    name: 'equals',
    aliases: ['eq'],
    summary: 'The same as ==: types are converted.',
    cases: [
      ['4|equals:4', 'true'],
      ['5|equals:5', 'true'],
      ['1|equals:2', 'false'],
      ['1|equals:"1"', 'true'],
      ['{a:1,b:2}|equals:{b:2,a:1}', 'true'],
      ['null|equals:0', 'false'],
    ],
  },
  looseEquals,
)
export const notEquals = defineComparison(
  {
    name: 'not_equals',
    aliases: ['ne'],
    summary: 'The same as !=.',
    cases: [
      ['4|not_equals:4', 'false'],
      ['"test"|not_equals:"foo"', 'true'],
      ['1|not_equals:"1"', 'false'],
    ],
  },
  (input, value) => !looseEquals(input, value),
)
export const greaterThan = defineComparison(
  {
    name: 'greater_than',
    aliases: ['gt'],
    summary: 'The same as >.',
    cases: [
      ['4|greater_than:2', 'true'],
      ['10|greater_than:10', 'false'],
      ['"10"|greater_than:9', 'true'],
      ['"b"|greater_than:"a"', 'true'],
    ],
  },
  (input, value) => compare(input, value) > 0,
)
export const greaterThanOrEqual = defineComparison(
  {
    name: 'greater_than_or_equal',
    aliases: ['gte'],
    summary: 'The same as >=.',
    cases: [
      ['5|greater_than_or_equal:5', 'true'],
      ['2|greater_than_or_equal:5', 'false'],
    ],
  },
  (input, value) => compare(input, value) >= 0,
)
export const lessThan = defineComparison(
  {
    name: 'less_than',
    aliases: ['lt'],
    summary: 'The same as <.',
    cases: [
      ['3|less_than:5', 'true'],
      ['5|less_than:5', 'false'],
      ['null|less_than:1', 'true'],
    ],
  },
  (input, value) => compare(input, value) < 0,
)
export const lessThanOrEqual = defineComparison(
  {
    name: 'less_than_or_equal',
    aliases: ['lte'],
    summary: 'The same as <=.',
    cases: [
      ['3|less_than_or_equal:5', 'true'],
      ['5|less_than_or_equal:5', 'true'],
      ['7|less_than_or_equal:5', 'false'],
    ],
  },
  (input, value) => compare(input, value) <= 0,
)
export const and = defineComparison(
  {
    name: 'and',
    summary: 'Whether both are true.',
    cases: [
      ['true|and:true', 'true'],
      ['0|and:1', 'false'],
      ['1|and:1', 'true'],
      ['true|and:""', 'false'],
    ],
  },
  (input, value) => isTruthy(input) && isTruthy(value),
)
export const or = defineComparison(
  {
    name: 'or',
    summary: 'Whether either is true.',
    cases: [
      ['false|or:false', 'false'],
      ['0|or:1', 'true'],
      ['0|or:0', 'false'],
    ],
  },
  (input, value) => isTruthy(input) || isTruthy(value),
)

export const not = defineFilter({
  name: 'not',
  group,
  summary: 'True for what is empty or false, else false.',
  input: 'any',
  returns: 'bool',
  scalar: true,
  cases: [
    ['true|not', 'false'],
    ['1|not', 'false'],
    ['(5|odd)|not', 'false'],
    ['[]|not', 'true'],
    ['"0"|not', 'true'],
  ],
  apply: (input) => !isTruthy(input),
})

export const odd = defineFilter({
  name: 'odd',
  group,
  summary: 'Whether an int is odd.',
  input: 'int',
  returns: 'bool',
  scalar: true,
  cases: [
    ['4|odd', 'false'],
    ['5|odd', 'true'],
    ['-3|odd', 'true'],
  ],
  apply: (input) => intOf('odd', input) % 2 !== 0,
})

export const even = defineFilter({
  name: 'even',
  group,
  summary: 'Whether an int is even.',
  input: 'int',
  returns: 'bool',
  scalar: true,
  cases: [
    ['7|even', 'false'],
    ['23|even', 'false'],
    ['0|even', 'true'],
    ['"4"|even', 'true'],
  ],
  apply: (input) => intOf('even', input) % 2 === 0,
})

export const bitwiseNot = defineFilter({
  name: 'bitwise_not',
  group,
  summary: 'All bits of an int turned over.',
  input: 'int',
  returns: 'int',
  scalar: true,
  cases: [
    ['5|bitwise_not', '-6'],
    ['-3|bitwise_not', '2'],
    ['4294967296|bitwise_not', '-4294967297'],
  ],
  apply: (input) => -intOf('bitwise_not', input) - 1,
})

const holds = (value: Value): boolean => isList(value) || isObj(value)

/** Whether a value is in a collection. The input is searched when it is a list and the argument is none, else the argument. */
function isMember(filter: string, input: Value, value: Value, context: FilterContext): boolean {
  const [haystack, needle] = isList(input) && !isList(value) ? [input, value] : holds(value) || value === null ? [value, input] : [input, value]
  if (haystack === null) return false
  const members = Array.from(collectionOf(filter, haystack).values())
  spendList(context, filter, members.length)
  return members.some((member) => looseEquals(member, needle))
}

export const isIn = defineFilter({
  name: 'in',
  group,
  summary: 'Whether a list holds a value; either of the two may be piped.',
  input: 'any[] or any',
  returns: 'bool',
  args: [{ name: 'value', type: 'any', required: true, summary: 'The value to look for, or the list when a value is piped.' }],
  scalar: true,
  cases: [
    ['"apple"|in:["apple","banana"]', 'true'],
    ['5|in:[1,2,3]', 'false'],
    ['[1,2,3]|in:2', 'true'],
    ['[1,2,3]|in:"2"', 'true'],
    ['[{a:1}]|in:{a:1}', 'true'],
    ['1|in:[]', 'false'],
  ],
  apply: (input, args, context) => isMember('in', input, args[0] ?? null, context),
})

export const isNotIn = defineFilter({
  name: 'not_in',
  group,
  summary: 'Whether a list does not hold a value; either of the two may be piped.',
  input: 'any[] or any',
  returns: 'bool',
  args: [{ name: 'array', type: 'any[]', required: true }],
  scalar: true,
  cases: [
    ['"apple"|not_in:["banana","pear"]', 'true'],
    ['5|not_in:[1,2,3,5]', 'false'],
    ['[1,2]|not_in:3', 'true'],
  ],
  apply: (input, args, context) => !isMember('not_in', input, args[0] ?? null, context),
})

export const ternary = defineFilter({
  name: 'ternary',
  group,
  summary: 'The first argument when the value is true, else the second.',
  input: 'any (condition)',
  returns: 'any',
  args: [
    { name: 'if_true', type: 'any', required: true },
    { name: 'if_false', type: 'any', required: true },
  ],
  cases: [
    ['(2 > 3)|ternary:1:0', '0'],
    ['false|ternary:"A":"B"', '"B"'],
  ],
  apply: (input, args) => (isTruthy(input) ? args[0] : args[1]) ?? null,
})

export const coalesce = defineFilter({
  name: 'coalesce',
  group,
  summary: 'The value, or the argument when the value is null or empty text.',
  input: 'any',
  returns: 'any',
  args: [{ name: 'default', type: 'any', required: true }],
  nullSafe: true,
  cases: [
    ['null|coalesce:5', '5'],
    ['0|coalesce:10', '0'],
    ['""|coalesce:"x"', '"x"'],
    ['false|coalesce:1', 'false'],
  ],
  sql(input, args) {
    const other = argument('coalesce', args, 0, 'default')
    const own = typedInput(input, other)
    // A null inside JSON is null.
    const present = isJsonTerm(own) ? sql`nullif(${own.sql}, 'null'::jsonb)` : own.sql
    return { ...own, sql: sql`coalesce(${present}, ${likeInput('coalesce', own, other)})` }
  },
  apply: (input, args) => (input === null || input === '' ? (args[0] ?? null) : input),
})

const valueArgument = { name: 'value', type: 'any', required: true }

/** `column|between:low:high`, as the operator. */
export const between = defineFilter({
  name: 'between',
  group,
  summary: 'Whether a column is within two bounds, both included.',
  input: 'column',
  returns: 'bool',
  args: [
    { name: 'low', type: 'any', required: true },
    { name: 'high', type: 'any', required: true },
  ],
  scalar: true,
  cases: [
    ['50.0|between:10.0:100.0', 'true'],
    ['5.0|between:10.0:100.0', 'false'],
  ],
  sql(input, args) {
    const [low, high] = [argument('between', args, 0, 'low'), argument('between', args, 1, 'high')]
    const own = typedInput(input, low.bind ? high : low, 'decimal')
    return term('bool', sql`(${own.sql} between ${likeInput('between', own, low)} and ${likeInput('between', own, high)})`)
  },
})

/** `column|includes:text`, as the operator. */
export const includes = defineFilter({
  name: 'includes',
  group,
  summary: 'Whether the text of a column holds another, ignoring case.',
  input: 'column',
  returns: 'bool',
  args: [valueArgument],
  scalar: true,
  cases: [['"Epic Battle"|includes:"BATTLE"', 'true']],
  sql: (input, args) =>
    term('bool', sql`(strpos(lower(${textSql('includes', input)}), lower(${textSql('includes', argument('includes', args, 0, 'value'))})) > 0)`),
})

/** `column|overlaps:list`, as the operator. */
export const overlaps = defineFilter({
  name: 'overlaps',
  group,
  summary: 'Whether a list column and a list share an element.',
  input: 'list column',
  returns: 'bool',
  args: [valueArgument],
  scalar: true,
  cases: [],
  sql(input, args) {
    const other = argument('overlaps', args, 0, 'value')
    const own = typedInput(input, other)
    if (own.list === true && !isJsonTerm(own)) return term('bool', sql`(${own.sql} && ${likeInput('overlaps', own, other)})`)
    if (!isJsonTerm(own)) throw fatal(`The filter "overlaps" needs a list or JSON column; "${own.label ?? 'the value'}" is ${own.type}.`)
    const items = other.bind ? other.bind('json') : sql`to_jsonb(${other.sql})`
    const list = (piece: typeof items) =>
      sql`jsonb_array_elements(case when jsonb_typeof(${piece}) = 'array' then ${piece} else jsonb_build_array(${piece}) end)`
    return term('bool', sql`exists (select from ${list(own.sql)} as a join ${list(items)} as b on a = b)`)
  },
})

export const comparisonFilters: FilterSpec[] = [
  equals,
  notEquals,
  greaterThan,
  greaterThanOrEqual,
  lessThan,
  lessThanOrEqual,
  and,
  or,
  not,
  odd,
  even,
  bitwiseNot,
  isIn,
  isNotIn,
  ternary,
  coalesce,
  between,
  includes,
  overlaps,
]
