/** Filters that treat lists and objects as sets: unique, remove, difference, intersection. */
import { isList, isObj, isTruthy, type Obj, type Value } from '../lib/value.js'
import { defineFilter, type FilterContext, type FilterSpec } from '../runtime/define.js'
import { looseEquals, strictEquals } from '../runtime/operators.js'
import { getPath } from '../runtime/path.js'
import { spendList } from './bounds.js'
import { identityOf } from './identity.js'
import { collectionOf, listOf, textOf } from './operand.js'

const group = 'array'

/** Keeps the members of a list or object a test accepts; lists are indexed anew. */
export function keepMembers(input: Value[] | Obj, keep: (member: Value, key: string | number) => boolean): Value {
  return isList(input) ? input.filter(keep) : new Map(Array.from(input).filter(([key, member]) => keep(member, key)))
}

const sizeOf = (input: Value[] | Obj): number => (isList(input) ? input.length : input.size)

/** What a filter looks at in an element: the element, or what stands at a path in it. */
export const lensOf = (path: string): ((item: Value) => Value) => (path === '' ? (item) => item : (item) => getPath(item, path) ?? null)

export const unique = defineFilter({
  name: 'unique',
  group,
  summary: 'The first of each set of equal elements, or of elements equal at a path.',
  input: 'any[]',
  returns: 'any[]',
  args: [{ name: 'path', type: 'text', default: '', summary: 'Where to look in each element; the element itself when empty.' }],
  cases: [
    ['[12,13,13,12,11]|unique', '[12,13,11]'],
    ['[{"id":1},{"id":1}]|unique:"id"', '[{"id":1}]'],
    ['[1,"1",true,null,null]|unique:""', '[1,true,null]'],
    ['[{a:1,b:2},{b:2,a:1}]|unique', '[{a:1,b:2}]'],
  ],
  apply(input, args, context) {
    const list = listOf('unique', input)
    const lens = lensOf(textOf('unique', args[0] ?? null, 'path'))
    spendList(context, 'unique', list.length)
    const seen = new Set<string>()
    return list.filter((item) => {
      const identity = identityOf('unique', lens(item))
      return !seen.has(identity) && seen.add(identity)
    })
  },
})

export const remove = defineFilter({
  name: 'remove',
  aliases: ['array_remove'],
  group,
  summary: 'A list or object without the members equal to a value, compared whole or at a path.',
  input: 'any[] or object',
  returns: 'any[] or object',
  args: [
    { name: 'value', type: 'any', required: true },
    { name: 'path', type: 'text', default: '', summary: 'What to compare inside each element.' },
    { name: 'strict', type: 'bool', default: false, summary: 'Compare types too: 100 is not "100".' },
  ],
  cases: [
    ['[{v:1},{v:2},{v:3}]|remove:{v:2}', '[{v:1},{v:3}]'],
    ['[1,2,3]|remove:2', '[1,3]'],
    ['[1,2,2,3]|remove:2', '[1,3]'],
    ['[{v:1,w:1},{v:2,w:2}]|remove:2:"v"', '[{v:1,w:1}]'],
    ['[{v:1,w:1},{v:2,w:2}]|remove:{v:2}:"v"', '[{v:1,w:1}]'],
    ['[1,"1"]|remove:"1":"":true', '[1]'],
    ['[1,"1"]|remove:"1"', '[]'],
    ['{a:1,b:2}|remove:2', '{a:1}'],
  ],
  apply(input, args, context) {
    const collection = collectionOf('remove', input)
    const path = textOf('remove', args[1] ?? null, 'path')
    const lens = lensOf(path)
    const wanted = args[0] ?? null
    const target = path !== '' && isObj(wanted) ? lens(wanted) : wanted
    const equals = isTruthy(args[2] ?? false) ? strictEquals : looseEquals
    spendList(context, 'remove', sizeOf(collection))
    return keepMembers(collection, (member) => !equals(lens(member), target))
  },
})

type Entry = readonly [key: string | number, value: Value]
const entriesOf = (collection: Value[] | Obj): Iterable<Entry> => collection.entries()

/** Keeps what is in the argument (`wanted` true) or what is not in it. `identify` says what makes two members the same. */
function defineSetFilter(
  filter: string,
  wanted: boolean,
  identify: (key: string | number, value: Value) => string,
): (input: Value, args: readonly Value[], context: FilterContext) => Value {
  return (input, args, context) => {
    const collection = collectionOf(filter, input)
    const other = collectionOf(filter, args[0] ?? [], 'value')
    spendList(context, filter, sizeOf(collection) + sizeOf(other))
    const present = new Set(Array.from(entriesOf(other), ([key, value]) => identify(key, value)))
    return keepMembers(collection, (value, key) => present.has(identify(key, value)) === wanted)
  }
}

const byValue = (filter: string) => (_: string | number, value: Value) => identityOf(filter, value)
const byKeyAndValue = (filter: string) => (key: string | number, value: Value) => `${JSON.stringify(String(key))}=${identityOf(filter, value)}`

export const diff = defineFilter({
  name: 'diff',
  aliases: ['array_diff'],
  group,
  summary: 'The elements that are not in another list.',
  input: 'any[]',
  returns: 'any[]',
  args: [{ name: 'value', type: 'any[]', required: true }],
  cases: [
    ['[1,2,3,4]|diff:[3,2]', '[1,4]'],
    ['[1,2,3]|diff:[2,3]', '[1]'],
    ['[4,5,6]|diff:[4,5]', '[6]'],
    ['[1,1,2]|diff:["2"]', '[1,1]'],
    ['[{a:1},{a:2}]|diff:[{a:1}]', '[{a:2}]'],
  ],
  apply: defineSetFilter('diff', false, byValue('diff')),
})

export const diffAssoc = defineFilter({
  name: 'diff_assoc',
  aliases: ['array_diff_assoc'],
  group,
  summary: 'The members whose key and value are not both in another object or list.',
  input: 'object or array',
  returns: 'object or array',
  args: [{ name: 'value', type: 'object or array', required: true }],
  cases: [
    ['{"a":1,"b":2}|diff_assoc:{"b":2,"c":3}', '{"a":1}'],
    ['{"x":1,"y":2}|diff_assoc:{"y":3,"z":4}', '{"x":1,"y":2}'],
    ['[1,2,3]|diff_assoc:[1,3]', '[2,3]'],
  ],
  apply: defineSetFilter('diff_assoc', false, byKeyAndValue('diff_assoc')),
})

export const intersect = defineFilter({
  name: 'intersect',
  aliases: ['array_intersect'],
  group,
  summary: 'The elements that are also in another list, in the order of the first.',
  input: 'any[]',
  returns: 'any[]',
  args: [{ name: 'value', type: 'any[]', required: true }],
  cases: [
    ['[1,2,3]|intersect:[2,3,4]', '[2,3]'],
    ['["a","b"]|intersect:["b","c"]', '["b"]'],
    ['[1,2,3,4,5]|intersect:[3,4,5,6,7]', '[3,4,5]'],
    ['[3,1]|intersect:["1",3]', '[3,1]'],
    ['[1]|intersect:[]', '[]'],
  ],
  apply: defineSetFilter('intersect', true, byValue('intersect')),
})

export const intersectAssoc = defineFilter({
  name: 'intersect_assoc',
  aliases: ['array_intersect_assoc'],
  group,
  summary: 'The members whose key and value are both in another object or list.',
  input: 'object or array',
  returns: 'object or array',
  args: [{ name: 'value', type: 'object or array', required: true }],
  cases: [['{"a":1,"b":2}|intersect_assoc:{"b":2,"c":3}', '{"b":2}']],
  apply: defineSetFilter('intersect_assoc', true, byKeyAndValue('intersect_assoc')),
})

export const arraySetFilters: FilterSpec[] = [unique, remove, diff, diffAssoc, intersect, intersectAssoc]
