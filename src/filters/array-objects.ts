/** Filters between lists and objects: keys, values, entries, grouping, picking. */
import { fatal } from '../errors.js'
import { isList, isObj, type Obj, type Value } from '../lib/value.js'
import { defineFilter, type FilterSpec } from '../runtime/define.js'
import { getPath } from '../runtime/path.js'
import { spendList } from './bounds.js'
import { collectionOf, keysOf, listOf, objectOf, textOf } from './operand.js'

const group = 'array'

export const keys = defineFilter({
  name: 'keys',
  aliases: ['array_keys'],
  group,
  summary: 'The keys of an object as text, or the indexes of a list.',
  input: 'object or array',
  returns: 'array',
  scalar: true,
  cases: [
    ['{"a":1,"b":2,"c":3}|keys', '["a","b","c"]'],
    ['[1,2,3]|keys', '[0,1,2]'],
    ['{"2":1,"1":1}|keys', '["2","1"]'],
    ['{}|keys', '[]'],
  ],
  apply(input, _, context) {
    const keys = Array.from<Value>(collectionOf('keys', input).keys())
    spendList(context, 'keys', keys.length)
    return keys
  },
})

export const values = defineFilter({
  name: 'values',
  aliases: ['array_values'],
  group,
  summary: 'The values of an object or list, in order.',
  input: 'object or array',
  returns: 'array',
  cases: [
    ['{"a":1,"b":2,"c":3}|values', '[1,2,3]'],
    ['[1,2,3]|values', '[1,2,3]'],
    ['{"2":"x","1":"y"}|values', '["x","y"]'],
  ],
  apply(input, _, context) {
    const values = Array.from(collectionOf('values', input).values())
    spendList(context, 'values', values.length)
    return values
  },
})

export const entries = defineFilter({
  name: 'entries',
  aliases: ['array_entries'],
  group,
  summary: 'One object with key and value for each member.',
  input: 'object or array',
  returns: 'array of {key,value}',
  cases: [
    ['{"a":1,"b":2}|entries', '[{key:"a",value:1},{key:"b",value:2}]'],
    ['{"a":1}|entries', '[{key:"a",value:1}]'],
    ['["a"]|entries', '[{key:0,value:"a"}]'],
  ],
  apply(input, _, context) {
    const pairs = Array.from<[Value, Value]>(collectionOf('entries', input).entries())
    spendList(context, 'entries', pairs.length)
    return pairs.map(
      ([key, value]) =>
        new Map([
          ['key', key],
          ['value', value],
        ]),
    )
  },
})

export const createObject = defineFilter({
  name: 'create_object',
  group,
  summary: 'An object from a list of keys and a list of as many values.',
  input: 'text[] (keys)',
  returns: 'object',
  args: [{ name: 'values', type: 'any[]', required: true }],
  cases: [
    ['["a","b","c"]|create_object:[1,2,3]', '{"a":1,"b":2,"c":3}'],
    ['["2","1"]|create_object:["x",null]', '{"2":"x","1":null}'],
  ],
  apply(input, args, context) {
    const names = listOf('create_object', input)
    const members = listOf('create_object', args[0] ?? null, 'values')
    if (names.length !== members.length)
      throw fatal(`Filter "create_object" got ${names.length} keys and ${members.length} values.`, { hint: 'Give one value for each key.' })
    spendList(context, 'create_object', names.length)
    return new Map(names.map((name, index) => [textOf('create_object', name), members[index] as Value]))
  },
})

export const createObjectFromEntries = defineFilter({
  name: 'create_object_from_entries',
  group,
  summary: 'An object from a list of {key, value}; the later of equal keys wins.',
  input: 'array of {key,value}',
  returns: 'object',
  cases: [
    ['[{key:"a",value:1},{key:"b",value:2}]|create_object_from_entries', '{"a":1,"b":2}'],
    ['{"2":1,"1":2}|entries|create_object_from_entries', '{"2":1,"1":2}'],
    ['[]|create_object_from_entries', '{}'],
  ],
  apply(input, _, context) {
    const list = listOf('create_object_from_entries', input)
    spendList(context, 'create_object_from_entries', list.length)
    return new Map(
      list.map((entry) => {
        const key = objectOf('create_object_from_entries', entry).get('key')
        if (key === undefined) throw fatal('Filter "create_object_from_entries" got an entry without "key".')
        return [textOf('create_object_from_entries', key), objectOf('create_object_from_entries', entry).get('value') ?? null]
      }),
    )
  },
})

export const indexBy = defineFilter({
  name: 'index_by',
  group,
  summary: 'Groups elements into lists by what stands at a path; elements without it are left out.',
  input: 'object[]',
  returns: 'object of lists',
  args: [{ name: 'path', type: 'text', required: true }],
  cases: [
    ['[{id:1,g:"x"},{id:2,g:"y"},{id:3,g:"x"}]|index_by:g', '{"x":[{"id":1,"g":"x"},{"id":3,"g":"x"}],"y":[{"id":2,"g":"y"}]}'],
    ['[{g:"a",v:1},{g:"b",v:2},{g:"a",v:3}]|index_by:g', '{"a":[{g:"a",v:1},{g:"a",v:3}],"b":[{g:"b",v:2}]}'],
    ['[{a:{b:2}},{a:1},{a:{b:2}}]|index_by:"a.b"', '{"2":[{a:{b:2}},{a:{b:2}}]}'],
    ['[{g:"__proto__"}]|index_by:"g"', '{"__proto__":[{g:"__proto__"}]}'],
  ],
  apply(input, args, context) {
    const list = listOf('index_by', input)
    const path = textOf('index_by', args[0] ?? null, 'path')
    spendList(context, 'index_by', list.length)
    const groups = new Map<string, Value[]>()
    for (const item of list) {
      const key = getPath(item, path, context.compileSelector)
      if (key === undefined) continue
      const name = textOf('index_by', key)
      const members = groups.get(name)
      if (members) members.push(item)
      else groups.set(name, [item])
    }
    return groups
  },
})

/** Applies a change to an object, or to every object of a list. */
function eachObject(filter: string, input: Value, change: (object: Obj) => Obj): Value {
  return isList(input) ? input.map((item) => change(objectOf(filter, item))) : change(isObj(input) ? input : objectOf(filter, input))
}

const keysArgument = [{ name: 'keys', type: 'text[]', required: true }]

export const pick = defineFilter({
  name: 'pick',
  group,
  summary: 'Only the named keys of an object, or of every object of a list.',
  input: 'object or object[]',
  returns: 'object or object[]',
  args: keysArgument,
  cases: [
    ['{a:1,b:2,c:3}|pick:[a,c]', '{a:1,c:3}'],
    ['[{a:1,b:2}]|pick:[a]', '[{a:1}]'],
    ['{a:1}|pick:["b"]', '{}'],
    ['{a:1,b:2}|pick:"a"', '{a:1}'],
  ],
  apply(input, args, context) {
    const wanted = new Set(keysOf('pick', args[0] ?? null, 'keys'))
    if (isList(input)) spendList(context, 'pick', input.length)
    return eachObject('pick', input, (object) => new Map(Array.from(object).filter(([key]) => wanted.has(key))))
  },
})

export const unpick = defineFilter({
  name: 'unpick',
  group,
  summary: 'An object, or every object of a list, without the named keys.',
  input: 'object or object[]',
  returns: 'object or object[]',
  args: keysArgument,
  cases: [
    ['{a:1,b:2,c:3}|unpick:[a,c]', '{b:2}'],
    ['{"a":1,"b":2,"c":3}|unpick:["a","b"]', '{"c":3}'],
    ['[{a:1,b:2},{a:3}]|unpick:["a"]', '[{b:2},{}]'],
  ],
  apply(input, args, context) {
    const unwanted = new Set(keysOf('unpick', args[0] ?? null, 'keys'))
    if (isList(input)) spendList(context, 'unpick', input.length)
    return eachObject('unpick', input, (object) => new Map(Array.from(object).filter(([key]) => !unwanted.has(key))))
  },
})

export const arrayObjectFilters: FilterSpec[] = [keys, values, entries, createObject, createObjectFromEntries, indexBy, pick, unpick]
