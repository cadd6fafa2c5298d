/** Filters that look for objects by example: every key of the example must be equal. */
import { fatal } from '../errors.js'
import { isObj, type Obj, type Value } from '../lib/value.js'
import { defineFilter, type FilterContext, type FilterSpec } from '../runtime/define.js'
import { looseEquals } from '../runtime/operators.js'
import { spendList } from './bounds.js'
import { listOf, objectOf } from './operand.js'

const group = 'array'
const args = [{ name: 'match', type: 'object', required: true, summary: 'Every key given must be equal.' }]

function matches(item: Value, example: Obj): boolean {
  if (!isObj(item)) return false
  for (const [key, wanted] of example) {
    const member = item.get(key)
    if (member === undefined || !looseEquals(member, wanted)) return false
  }
  return true
}

/** The list and the test of a filter of this family. */
function read(filter: string, input: Value, args: readonly Value[], context: FilterContext): [Value[], (item: Value) => boolean] {
  const list = listOf(filter, input)
  const example = objectOf(filter, args[0] ?? null, 'match')
  spendList(context, filter, list.length)
  return [list, (item) => matches(item, example)]
}

export const arrayFilter = defineFilter({
  name: 'array_filter',
  group,
  summary: 'The objects that have the given members.',
  input: 'object[]',
  returns: 'object[]',
  args,
  cases: [
    ['[{k:1},{k:2}]|array_filter:{k:2}', '[{k:2}]'],
    ['[{k:1,v:"a"},{k:"1"},{v:1}]|array_filter:{k:1}', '[{k:1,v:"a"},{k:"1"}]'],
  ],
  apply(input, args, context) {
    const [list, test] = read('array_filter', input, args, context)
    return list.filter(test)
  },
})

export const arrayFind = defineFilter({
  name: 'array_find',
  group,
  summary: 'The first object that has the given members; an error when none has.',
  input: 'object[]',
  returns: 'object',
  args,
  cases: [['[{k:1},{k:2}]|array_find:{k:2}', '{k:2}']],
  apply(input, args, context) {
    const [list, test] = read('array_find', input, args, context)
    const found = list.find(test)
    if (found === undefined) throw fatal('Filter "array_find" found no such element.', { hint: 'Use |array_has first, or |find, which gives null.' })
    return found
  },
})

export const arrayHas = defineFilter({
  name: 'array_has',
  group,
  summary: 'Whether an object has the given members.',
  input: 'object[]',
  returns: 'bool',
  args,
  scalar: true,
  cases: [
    ['[{k:1},{k:2}]|array_has:{k:2}', 'true'],
    ['[{k:1}]|array_has:{k:1,v:2}', 'false'],
  ],
  apply(input, args, context) {
    const [list, test] = read('array_has', input, args, context)
    return list.some(test)
  },
})

export const arrayUpmerge = defineFilter({
  name: 'array_upmerge',
  group,
  summary: 'The list, the objects that have the given members with further ones merged in; first level only.',
  input: 'object[]',
  returns: 'object[]',
  args: [...args, { name: 'node', type: 'object', required: true, summary: 'Members that every match gets; they win.' }],
  cases: [
    ['[{k:1,v:1},{k:2}]|array_upmerge:{k:1}:{v:2,w:3}', '[{k:1,v:2,w:3},{k:2}]'],
    ['[{k:2}]|array_upmerge:{k:1}:{v:2}', '[{k:2}]'],
  ],
  apply(input, args, context) {
    const [list, test] = read('array_upmerge', input, args, context)
    const node = objectOf('array_upmerge', args[1] ?? null, 'node')
    return list.map((item) => (isObj(item) && test(item) ? new Map([...item, ...node]) : item))
  },
})

export const arrayMatchFilters: FilterSpec[] = [arrayFilter, arrayFind, arrayHas, arrayUpmerge]
