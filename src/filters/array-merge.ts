/** Filters that merge lists and objects. */
import { isList, isObj, type Obj, type Value } from '../lib/value.js'
import { defineFilter, type FilterSpec, type ValueFilter } from '../runtime/define.js'
import { assertDepth, spendList } from './bounds.js'
import { collectionOf } from './operand.js'

const group = 'array'
const other = { name: 'value', type: 'any[] or object', required: true }

const sizeOf = (collection: Value[] | Obj): number => (isList(collection) ? collection.length : collection.size)
const asObject = (collection: Value[] | Obj): Obj => (isList(collection) ? new Map(collection.map((item, index) => [String(index), item])) : collection)

/** Lists are joined, objects overlaid; an empty list stands for an empty object beside an object. */
function merged(a: Value[] | Obj, b: Value[] | Obj): Value {
  if (isList(a) && isList(b)) return [...a, ...b]
  return new Map([...asObject(a), ...asObject(b)])
}

export const merge: ValueFilter = defineFilter({
  name: 'merge',
  aliases: ['array_merge'],
  group,
  summary: 'Two lists as one, or two objects as one where the argument wins; first level only.',
  input: 'any[] or object',
  returns: 'any[] or object',
  args: [other],
  cases: [
    ['[1,2]|merge:[3,4]', '[1,2,3,4]'],
    ['{"a":1}|merge:{"b":2}', '{"a":1,"b":2}'],
    ['{"a":1}|merge:{"a":2}', '{"a":2}'],
    ['{a:{b:1}}|merge:{a:{c:2}}', '{a:{c:2}}'],
    ['{b:1,a:1}|merge:{b:2}', '{b:2,a:1}'],
    ['[]|merge:{a:1}', '{a:1}'],
    ['[1]|merge:null', '[1]'],
  ],
  apply(input, args, context) {
    const a = collectionOf('merge', input)
    const b = args[0] === null || args[0] === undefined ? null : collectionOf('merge', args[0], 'value')
    if (b === null) return a
    spendList(context, 'merge', sizeOf(a) + sizeOf(b))
    return merged(a, b)
  },
  applyOwned(input, args, context) {
    const b = args[0] ?? null
    if (!isObj(input) || !isObj(b)) return merge.apply(input, args, context)
    for (const [key, member] of b) input.set(key, member)
    return input
  },
})

function mergedDeep(a: Value, b: Value, depth: number): Value {
  assertDepth('merge_recursive', depth)
  if (isList(a) && isList(b)) return [...a, ...b]
  if (!isObj(a) || !isObj(b)) return b
  const out = new Map(a)
  for (const [key, member] of b) {
    const old = out.get(key)
    out.set(key, old === undefined ? member : mergedDeep(old, member, depth + 1))
  }
  return out
}

export const mergeRecursive = defineFilter({
  name: 'merge_recursive',
  aliases: ['array_merge_recursive'],
  group,
  summary: 'Merges objects on every level: lists at the same path are joined, otherwise the argument wins.',
  input: 'any[] or object',
  returns: 'any[] or object',
  args: [other],
  cases: [
    ['{color:{favorite:["red"]}}|merge_recursive:{color:{favorite:["green","blue"]}}', '{"color":{"favorite":["red","green","blue"]}}'],
    ['{a:{b:1}}|merge_recursive:{a:{c:2}}', '{a:{b:1,c:2}}'],
    ['{a:1,b:{c:1}}|merge_recursive:{a:2,b:{d:2}}', '{a:2,b:{c:1,d:2}}'],
    ['[1]|merge_recursive:[2]', '[1,2]'],
  ],
  apply(input, args, context) {
    const a = collectionOf('merge_recursive', input)
    const b = args[0] === null || args[0] === undefined ? null : collectionOf('merge_recursive', args[0], 'value')
    if (b === null) return a
    spendList(context, 'merge_recursive', sizeOf(a) + sizeOf(b))
    return isList(a) === isList(b) ? mergedDeep(a, b, 0) : mergedDeep(asObject(a), asObject(b), 0)
  },
})

export const arrayMergeFilters: FilterSpec[] = [merge, mergeRecursive]
