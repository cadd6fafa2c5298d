/** Filters that read, add or take single elements of a list. */
import { fatal } from '../errors.js'
import { sql } from '../lib/sql.js'
import { isList, isObj, isTruthy, type Value } from '../lib/value.js'
import { toText } from '../runtime/convert.js'
import { defineFilter, type FilterContext, type FilterSpec, type ValueFilter } from '../runtime/define.js'
import { looseEquals } from '../runtime/operators.js'
import { setPath } from '../runtime/path.js'
import { spendList } from './bounds.js'
import { collectionOf, intOf, listOf, optionalInt, textOf, wrongType } from './operand.js'
import { sliceBounds } from './slice-bounds.js'
import { isJsonTerm, term, textSql } from './sql-face.js'

const group = 'array'
const value = { name: 'value', type: 'any', required: true }

export const first = defineFilter({
  name: 'first',
  group,
  summary: 'The first element; null for an empty list.',
  input: 'any[]',
  returns: 'any',
  cases: [
    ['["five","six","seven"]|first', '"five"'],
    ['[1,2,3]|first', '1'],
    ['[]|first', 'null'],
  ],
  apply: (input) => listOf('first', input)[0] ?? null,
})

export const last = defineFilter({
  name: 'last',
  group,
  summary: 'The last element; null for an empty list.',
  input: 'any[]',
  returns: 'any',
  cases: [
    ['["five","six","seven"]|last', '"seven"'],
    ['[]|last', 'null'],
  ],
  apply: (input) => listOf('last', input).at(-1) ?? null,
})

export const count = defineFilter({
  name: 'count',
  group,
  summary: 'Number of elements of a list or members of an object; null counts 0.',
  input: 'any[] or object',
  returns: 'int',
  scalar: true,
  cases: [
    ['["five","six","seven"]|count', '3'],
    ['{"a":1,"b":2}|count', '2'],
    ['[]|count', '0'],
    ['null|count', '0'],
    ['{}|count', '0'],
  ],
  apply(input) {
    if (isList(input)) return input.length
    if (isObj(input)) return input.size
    if (input === null) return 0
    const error = wrongType('count', 'a list or an object', input)
    throw typeof input === 'string' ? fatal(error.message, { hint: 'Use |strlen for the length of text.' }) : error
  },
})

export const push = defineFilter({
  name: 'push',
  aliases: ['array_push'],
  group,
  summary: 'A list with a value added at the end.',
  input: 'any[]',
  returns: 'any[]',
  args: [value],
  cases: [
    ['[1,2,3]|push:"a"', '[1,2,3,"a"]'],
    ['[]|push:1', '[1]'],
    ['[1]|push:[2]', '[1,[2]]'],
  ],
  apply(input, args, context) {
    const list = listOf('push', input)
    spendList(context, 'push', list.length + 1)
    return [...list, args[0] ?? null]
  },
  applyOwned(input, args) {
    const list = listOf('push', input)
    list.push(args[0] ?? null)
    return list
  },
})

export const pushConditional = defineFilter({
  name: 'array_push_conditional',
  group,
  summary: 'A list with a value added at the end when a condition holds.',
  input: 'any[]',
  returns: 'any[]',
  args: [value, { name: 'condition', type: 'bool', required: true }],
  cases: [
    ['[1]|array_push_conditional:2:true', '[1,2]'],
    ['[1]|array_push_conditional:2:false', '[1]'],
  ],
  apply: (input, args, context) =>
    isTruthy(args[1] ?? null) ? push.apply(listOf('array_push_conditional', input), args, context) : listOf('array_push_conditional', input),
})

const endArgs = [value, { name: 'path', type: 'text', default: '', summary: 'Where the list stands inside the input; the input itself when empty.' }]

/** Changes the list that stands at a path, or the input itself; a missing list is made, a lone value becomes a list of one. */
function changeListAt(filter: string, input: Value, args: readonly Value[], context: FilterContext, change: (list: Value[]) => Value[]): Value {
  const path = textOf(filter, args[1] ?? null, 'path')
  if (path === '') return change(listOf(filter, input))
  return setPath(collectionOf(filter, input), path, (old) => change(isList(old) ? old : old === null ? [] : [old]), context.compileSelector)
}

export const append: ValueFilter = defineFilter({
  name: 'append',
  group,
  summary: 'A list, or the list at a path, with a value added at the end.',
  input: 'any[] (or object with path)',
  returns: 'any[] or object',
  args: endArgs,
  cases: [
    ['[1,2,3]|append:4', '[1,2,3,4]'],
    ['[1,2]|append:3:""', '[1,2,3]'],
    ['{list:[1]}|append:2:"list"', '{list:[1,2]}'],
    ['[1]|append:[2]:""', '[1,[2]]'],
    ['{a:1}|append:2:"b"', '{a:1,b:[2]}'],
    ['{a:{b:[1]}}|append:2:"a.b"', '{a:{b:[1,2]}}'],
  ],
  apply(input, args, context) {
    return changeListAt('append', input, args, context, (list) => {
      spendList(context, 'append', list.length + 1)
      return [...list, args[0] ?? null]
    })
  },
  applyOwned(input, args, context) {
    if (!isList(input) || textOf('append', args[1] ?? null, 'path') !== '') return append.apply(input, args, context)
    input.push(args[0] ?? null)
    return input
  },
})

export const prepend = defineFilter({
  name: 'prepend',
  group,
  summary: 'A list, or the list at a path, with a value added at the front.',
  input: 'any[] (or object with path)',
  returns: 'any[] or object',
  args: endArgs,
  cases: [
    ['[1,2,3]|prepend:0', '[0,1,2,3]'],
    ['[1,2]|prepend:0', '[0,1,2]'],
    ['{list:[1]}|prepend:0:"list"', '{list:[0,1]}'],
  ],
  apply(input, args, context) {
    return changeListAt('prepend', input, args, context, (list) => {
      spendList(context, 'prepend', list.length + 1)
      return [args[0] ?? null, ...list]
    })
  },
})

export const pop = defineFilter({
  name: 'pop',
  aliases: ['array_pop'],
  group,
  summary: 'The last element; the list itself stays as it is.',
  input: 'any[]',
  returns: 'any',
  cases: [
    ['[1,2,3]|pop', '3'],
    ['[]|pop', 'null'],
  ],
  apply: (input) => listOf('pop', input).at(-1) ?? null,
})

export const unshift = defineFilter({
  name: 'unshift',
  aliases: ['array_unshift'],
  group,
  summary: 'A list with a value added at the front.',
  input: 'any[]',
  returns: 'any[]',
  args: [value],
  cases: [
    ['[1,2,3]|unshift:0', '[0,1,2,3]'],
    ['[]|unshift:1', '[1]'],
  ],
  apply(input, args, context) {
    const list = listOf('unshift', input)
    spendList(context, 'unshift', list.length + 1)
    return [args[0] ?? null, ...list]
  },
})

export const shift = defineFilter({
  name: 'shift',
  aliases: ['array_shift'],
  group,
  summary: 'The first element; the list itself stays as it is.',
  input: 'any[]',
  returns: 'any',
  cases: [
    ['[1,2,3]|shift', '1'],
    ['[]|shift', 'null'],
  ],
  apply: (input) => listOf('shift', input)[0] ?? null,
})

const sliceArgs = [
  { name: 'offset', type: 'int', required: true, summary: 'From 0; negative counts from the end.' },
  { name: 'length', type: 'int', default: null, summary: 'Number of elements, the rest when omitted; negative stops that many before the end.' },
]

function sliceOf(filter: string, input: Value, args: readonly Value[]): Value[] {
  const list = listOf(filter, input)
  return list.slice(...sliceBounds(list.length, intOf(filter, args[0] ?? null, 'offset'), optionalInt(filter, args[1], 'length')))
}

export const slice = defineFilter({
  name: 'slice',
  aliases: ['array_slice'],
  group,
  summary: 'Part of a list from an offset, for a length or to the end; negative values count from the end.',
  input: 'any[]',
  returns: 'any[]',
  args: sliceArgs,
  cases: [
    ['[1,2,3,4]|slice:1:2', '[2,3]'],
    ['["a","b","c"]|slice:0:2', '["a","b"]'],
    ['[1,2,3]|slice:1', '[2,3]'],
    ['[1,2,3]|slice:-2', '[2,3]'],
    ['[1,2,3,4]|slice:1:-1', '[2,3]'],
    ['[1,2,3]|slice:0 - 2:1', '[2]'],
    ['[1]|slice:5', '[]'],
  ],
  apply: (input, args) => sliceOf('slice', input, args),
})

export const splice = defineFilter({
  name: 'splice',
  group,
  summary: 'The part of a list that the statement of that name would take out.',
  input: 'any[]',
  returns: 'any[]',
  args: sliceArgs,
  cases: [['[1,2,3,4]|splice:1:2', '[2,3]']],
  apply: (input, args) => sliceOf('splice', input, args),
})

export const arraySet = defineFilter({
  name: 'array_set',
  group,
  summary: 'A list with the element at an index replaced; the index one past the end appends.',
  input: 'any[]',
  returns: 'any[]',
  args: [{ name: 'index', type: 'int', required: true }, value],
  cases: [
    ['[1,2]|array_set:0:9', '[9,2]'],
    ['[1,2]|array_set:2:3', '[1,2,3]'],
    ['[1,2]|array_set:-1:3', '[1,3]'],
  ],
  apply: (input, args) => setPath(listOf('array_set', input), intOf('array_set', args[0] ?? null, 'index'), () => args[1] ?? null),
})

export const arrayReplace = defineFilter({
  name: 'array_replace',
  group,
  summary: 'A list with every element equal to one value replaced by another.',
  input: 'any[]',
  returns: 'any[]',
  args: [
    { name: 'search', type: 'any', required: true },
    { name: 'replacement', type: 'any', required: true },
  ],
  cases: [
    ['[1,2,1]|array_replace:1:"x"', '["x",2,"x"]'],
    ['[{a:1}]|array_replace:{a:1}:null', '[null]'],
  ],
  apply(input, args, context) {
    const list = listOf('array_replace', input)
    spendList(context, 'array_replace', list.length)
    return list.map((item) => (looseEquals(item, args[0] ?? null) ? (args[1] ?? null) : item))
  },
})

export const safeArray = defineFilter({
  name: 'safe_array',
  group,
  summary: 'A list as it is, null as an empty list, anything else as a list of one.',
  input: 'any',
  returns: 'any[]',
  cases: [
    ['12|safe_array', '[12]'],
    ['null|safe_array', '[]'],
    ['[1]|safe_array', '[1]'],
    ['{a:1}|safe_array', '[{a:1}]'],
    ['""|safe_array', '[""]'],
  ],
  apply: (input) => (isList(input) ? input : input === null ? [] : [input]),
})

export const join = defineFilter({
  name: 'join',
  group,
  summary: 'The elements as one text with a separator between them.',
  input: 'any[]',
  returns: 'text',
  args: [{ name: 'separator', type: 'text', default: '' }],
  scalar: true,
  cases: [
    ['["Epic","Battle"]|join:" "', '"Epic Battle"'],
    ['[1,2,3]|join:","', '"1,2,3"'],
    ['["a","b","c"]|join:"_"', '"a_b_c"'],
    ['["a",null,true,2.5,[1]]|join:"-"', '"a--true-2.5-[1]"'],
    ['[]|join:","', '""'],
    ['["a","b"]|join', '"ab"'],
  ],
  apply(input, args, context) {
    const list = listOf('join', input)
    const separator = textOf('join', args[0] ?? null, 'separator')
    spendList(context, 'join', list.length)
    return list.map(toText).join(separator)
  },
})

export const arrayLower = defineFilter({
  name: 'array_lower',
  group,
  summary: 'Every text of a list in lower case.',
  input: 'text[]',
  returns: 'text[]',
  scalar: true,
  cases: [['["A"]|array_lower', '["a"]']],
  apply: (input) => listOf('array_lower', input).map((item) => textOf('array_lower', item).toLowerCase()),
})

/** Items of a list column; characters of a text. */
export const length = defineFilter({
  name: 'length',
  group,
  summary: 'Number of items of a list column, or of characters of a text.',
  input: 'array column',
  returns: 'int',
  scalar: true,
  cases: [['"abc"|length', '3']],
  sql(input) {
    if (isJsonTerm(input)) return term('int', sql`(case when jsonb_typeof(${input.sql}) = 'array' then jsonb_array_length(${input.sql}) end)`)
    if (input.list === true || input.type === 'vector') return term('int', sql`cardinality(${input.sql})`)
    return term('int', sql`char_length(${textSql('length', input)})`)
  },
})

export const arrayElementFilters: FilterSpec[] = [
  length,
  first,
  last,
  count,
  push,
  pushConditional,
  append,
  prepend,
  pop,
  unshift,
  shift,
  slice,
  splice,
  arraySet,
  arrayReplace,
  safeArray,
  join,
  arrayLower,
]
