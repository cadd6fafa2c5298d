/** The higher-order family: an expression is evaluated for every element, with `$$`, `$index`, `$parent` and `$result`. */
import { isObj, isTruthy, type Obj, type Value } from '../lib/value.js'
import {
  defineFilter,
  type ElementFilter,
  type ElementFunction,
  type FilterArgumentSpec,
  type FilterCase,
  type FilterContext,
  type FilterSpec,
} from '../runtime/define.js'
import { spendList } from './bounds.js'
import { collectionOf } from './operand.js'

const group = 'array_higher_order'
const expression: FilterArgumentSpec = {
  name: 'expression',
  type: 'expression',
  required: true,
  kind: 'lambda',
  summary: 'Sees $$ (the element), $index and $parent.',
}

interface Element {
  item: Value
  key: string | number
  /** What the expression gave. */
  result: Value
}

/** Evaluates the expression for the elements of a list or object in turn. */
function* evaluate(filter: string, input: Value, fn: ElementFunction, context: FilterContext): Generator<Element> {
  const collection = collectionOf(filter, input)
  for (const [key, item] of collection.entries() as Iterable<[string | number, Value]>) {
    spendList(context, filter, 1)
    const result = fn(item, key, collection)
    yield { item, key, result }
  }
}

/** A list of the members of a list, an object of the members of an object. */
function rebuild(input: Value, elements: Iterable<Element>, member: (element: Element) => Value): Value {
  if (!isObj(input)) return Array.from(elements, member)
  const out: Obj = new Map()
  for (const element of elements) out.set(String(element.key), member(element))
  return out
}

function* accepted(elements: Iterable<Element>): Generator<Element> {
  for (const element of elements) if (isTruthy(element.result)) yield element
}

const firstOf = (elements: Iterable<Element>): Element | undefined => {
  for (const element of elements) return element
  return undefined
}

/** A filter of this family that has no argument besides the expression. */
function defineElementFilter(
  spec: { name: string; summary: string; returns: string; scalar?: true; cases: FilterCase[] },
  answer: (elements: Iterable<Element>, input: Value) => Value,
): ElementFilter {
  return defineFilter({
    ...spec,
    group,
    input: 'any[] or object',
    args: [expression],
    codeForm: `lambda_${spec.name}`,
    each: (input, fn, _, context) => answer(evaluate(spec.name, input, fn, context), input),
  })
}

export const map = defineElementFilter(
  {
    name: 'map',
    summary: 'What an expression gives for every element; an object keeps its keys.',
    returns: 'any[] or object',
    cases: [
      ['[{value:2},{value:5}]|map:$$.value*2', '[4,10]'],
      ['[1,2,3]|map:$$+1', '[2,3,4]'],
      ['[1,2,3]|map:$$+1+($parent|count)', '[5,6,7]'],
      ['[{name:foo},{name:bar}]|map:$$.name', '["foo","bar"]'],
      ['["a","b"]|map:$index ~ $$', '["0a","1b"]'],
      ['{a:1,b:2}|map:$$*2', '{a:2,b:4}'],
      ['[[1,2],[3]]|map:($$|map:$$+1)', '[[2,3],[4]]'],
      ['[]|map:$$.x', '[]'],
    ],
  },
  (elements, input) => rebuild(input, elements, ({ result }) => result),
)

export const filter = defineElementFilter(
  {
    name: 'filter',
    summary: 'The elements for which an expression is true; an object keeps its keys.',
    returns: 'any[] or object',
    cases: [
      ['[1,2,3,4]|filter:$$%2==0', '[2,4]'],
      ['[{value:2},{value:5}]|filter:$$.value%2==0', '[{value:2}]'],
      ['{a:1,b:2}|filter:$$>1', '{b:2}'],
      ['["a","b","c"]|filter:$index>0', '["b","c"]'],
    ],
  },
  (elements, input) => rebuild(input, accepted(elements), ({ item }) => item),
)

export const some = defineElementFilter(
  {
    name: 'some',
    summary: 'Whether an expression is true for any element.',
    returns: 'bool',
    scalar: true,
    cases: [
      ['[1,2,3]|some:$$>10', 'false'],
      ['[1,2,3]|some:$$>2', 'true'],
      ['[{value:2},{value:5}]|some:$$.value%2==0', 'true'],
      ['[]|some:true', 'false'],
    ],
  },
  (elements) => firstOf(accepted(elements)) !== undefined,
)

export const every = defineElementFilter(
  {
    name: 'every',
    summary: 'Whether an expression is true for all elements.',
    returns: 'bool',
    scalar: true,
    cases: [
      ['[2,4,6]|every:$$%2==0', 'true'],
      ['[{value:2},{value:6}]|every:$$.value%2==0', 'true'],
      ['[]|every:$$>0', 'true'],
      ['[1,2]|every:$$>1', 'false'],
    ],
  },
  (elements) => {
    for (const { result } of elements) if (!isTruthy(result)) return false
    return true
  },
)

export const find = defineElementFilter(
  {
    name: 'find',
    summary: 'The first element for which an expression is true, else null.',
    returns: 'any or null',
    cases: [
      ['[{id:1},{id:2},{id:3}]|find:$$.id==2', '{id:2}'],
      ['[1]|find:$$==9', 'null'],
      ['{a:1,b:2}|find:$$>1', '2'],
    ],
  },
  (elements) => firstOf(accepted(elements))?.item ?? null,
)

export const findIndex = defineElementFilter(
  {
    name: 'findIndex',
    summary: 'The index (or key) of the first element for which an expression is true, else -1.',
    returns: 'int',
    scalar: true,
    cases: [
      ['[{id:1},{id:2},{id:3}]|findIndex:$$.id==2', '1'],
      ['[1]|findIndex:$$==9', '-1'],
      ['{a:1,b:2}|findIndex:$$>1', '"b"'],
    ],
  },
  (elements) => firstOf(accepted(elements))?.key ?? -1,
)

export const reduce = defineFilter({
  name: 'reduce',
  group,
  summary: 'One value from all elements: the expression sees the value so far as $result.',
  input: 'any[] or object',
  returns: 'any',
  args: [
    { ...expression, summary: 'Sees $$ (the element), $result, $index and $parent.' },
    { name: 'initial', type: 'any', default: null, summary: 'The first $result.' },
  ],
  codeForm: 'lambda_reduce',
  cases: [
    ['[1,2,3,4,5]|reduce:$$+$result:10', '25'],
    ['[1,2,3,4]|reduce:$$+$result:0', '10'],
    ['["a","b"]|reduce:$result ~ $$:""', '"ab"'],
    ['[]|reduce:$$+$result:7', '7'],
  ],
  each(input, fn, args, context) {
    const collection = collectionOf('reduce', input)
    const initial = args[0] ?? null
    let result: Value = initial
    for (const [key, item] of collection.entries() as Iterable<[string | number, Value]>) {
      spendList(context, 'reduce', 1)
      result = fn(item, key, collection, result)
    }
    return result
  },
})

export const transform = defineFilter({
  name: 'transform',
  group,
  summary: 'What an expression gives for the value as a whole.',
  input: 'any',
  returns: 'any',
  args: [{ ...expression, summary: 'Sees the whole value as $$.' }],
  cases: [
    ['2|transform:$$+3', '5'],
    ['[1,2,3]|transform:($$|count)', '3'],
    ['[1,2,3]|transform:($$|count)+($$|sum)', '9'],
    ['{first:Alpha,last:Beta}|transform:$$.first~" "~$$.last', '"Alpha Beta"'],
    ['[{value:2},{value:5}]|transform:$$.value*2', '[4,10]'],
  ],
  each: (input, fn) => fn(input, 0, input),
})

export const as = defineFilter({
  name: 'as',
  group,
  summary: 'Names the value for later filters of the same chain and passes it on.',
  input: 'any',
  returns: 'any',
  args: [{ name: 'name', type: 'identifier', required: true, kind: 'name', summary: 'The new variable, without $.' }],
  binds: true,
  cases: [['"abc http://x"|as:C|substr:0:($C|index:http)|trim', '"abc"']],
  apply: (input) => input,
})

export const higherOrderFilters: FilterSpec[] = [map, filter, some, every, find, findIndex, reduce, transform, as]
