/** The manipulation family: reading and changing what stands at a path. */
import { fatal } from '../errors.js'
import { isEmpty, isList, isNumber, isObj, isTruthy, type Value } from '../lib/value.js'
import { defineFilter, type ElementFunction, type FilterArgumentSpec, type FilterContext, type FilterSpec } from '../runtime/define.js'
import { getPath, hasPath, type Replace, setPath, setPathOwned, unsetPath } from '../runtime/path.js'
import { collectionOf, textOf, wrongType } from './operand.js'

const group = 'manipulation'
const path: FilterArgumentSpec = { name: 'path', type: 'text', required: true, summary: 'For example "a.b", "items.0.id", "items[-1]", "items[$$.id > 1].id".' }
/** `$$` is the value now at the path. */
const newValue: FilterArgumentSpec = {
  name: 'value',
  type: 'any',
  required: true,
  kind: 'lambda',
  outer: true,
  summary: 'May use $$, the value now at the path.',
}

const maxPathLength = 4000

/** A path: text or a number, of sane length. */
function pathOf(filter: string, value: Value | undefined): string | number {
  if (isNumber(value)) return Number(value)
  const text = textOf(filter, value ?? null, 'path')
  if (text.length > maxPathLength) throw fatal(`Argument "path" of filter "${filter}" is longer than ${maxPathLength} characters.`)
  return text
}

export const get = defineFilter({
  name: 'get',
  group,
  summary: 'What stands at a path; the default, or null, when nothing does. A name on a list is collected from every element.',
  input: 'object or array',
  returns: 'any',
  args: [path, { name: 'default', type: 'any', default: null }],
  nullSafe: true,
  cases: [
    ['{"fizz":"buzz"}|get:"fizz"', '"buzz"'],
    ['{a:1}|get:"a"', '1'],
    ['{}|get:"name":"unknown"', '"unknown"'],
    ['[10,20,30]|get:0', '10'],
    ['[{name:"a"},{name:"b"}]|get:"1.name"', '"b"'],
    ['{items:[{id:1},{id:2}]}|get:"items.id"', '[1,2]'],
    ['{items:[{id:1},{id:2}]}|get:"items[0].id"', '1'],
    ['{items:[{id:1},{id:2}]}|get:"items[$$.id > 1].id"', '[2]'],
    ['{a:null}|get:"a":"x"', 'null'],
    ['null|get:"a":1', '1'],
    ['"text"|get:"a"', 'null'],
    ['[1,2,3]|get:-1', '3'],
    ['[1,2,3]|get:7:"none"', '"none"'],
    ['{"a.b":1}|get:"a.b"', '1'],
    ['{"10":"x"}|get:10', '"x"'],
    ['{a:1}|get:"__proto__"', 'null'],
    ['{a:1}|get:"constructor"', 'null'],
  ],
  apply(input, args, context) {
    const found = getPath(input, pathOf('get', args[0]), context.compileSelector)
    return found === undefined ? (args[1] ?? null) : found
  },
})

/** The input of a filter that writes; null and empty text become an object. */
const writable = (filter: string, input: Value): Value => {
  if (isList(input) || isObj(input) || input === null || input === '') return input
  throw wrongType(filter, 'an object or a list', input)
}

/** A copy of the input with the value at a path replaced; with `inPlace`, the input itself, which then belongs to nobody else. */
function write(filter: string, input: Value, path: Value | undefined, fn: ElementFunction, context: FilterContext, inPlace = false): Value {
  const target = writable(filter, input)
  const change: Replace = (old, index, parent) => fn(old, index, parent)
  if (inPlace && (isList(target) || isObj(target))) return setPathOwned(target, pathOf(filter, path), change, context.compileSelector)
  return setPath(target, pathOf(filter, path), change, context.compileSelector)
}

export const set = defineFilter({
  name: 'set',
  group,
  summary: 'A copy with the value at a path replaced; objects missing on the way are made.',
  input: 'object or array',
  returns: 'object or array',
  args: [path, newValue],
  cases: [
    ['{"fizz":"buzz"}|set:"foo":"bar"', '{"fizz":"buzz","foo":"bar"}'],
    ['{}|set:"name":"John"', '{"name":"John"}'],
    ['{a:{b:1}}|set:"a.b":2', '{a:{b:2}}'],
    ['{items:[{id:1},{id:2}]}|set:"items.id":$$+1', '{items:[{id:2},{id:3}]}'],
    ['{}|set:"a.b":1', '{a:{b:1}}'],
    ['null|set:"a":1', '{a:1}'],
    ['[1,2]|set:1:9', '[1,9]'],
    ['[1,2]|set:"2":3', '[1,2,3]'],
    ['{}|set:"2":1|set:"1":2', '{"2":1,"1":2}'],
    ['{}|set:"__proto__.x":1', '{"__proto__":{x:1}}'],
    ['{n:1}|set:"n":$$+1', '{n:2}'],
    ['{items:[{id:1},{id:2}]}|set:"items[$$.id > 1].id":9', '{items:[{id:1},{id:9}]}'],
  ],
  each: (input, fn, args, context) => write('set', input, args[0], fn, context),
  eachOwned: (input, fn, args, context) => write('set', input, args[0], fn, context, true),
})

export const setConditional = defineFilter({
  name: 'set_conditional',
  group,
  summary: 'The same as set when a condition holds, else the input.',
  input: 'object',
  returns: 'object',
  args: [path, newValue, { name: 'condition', type: 'bool', required: true }],
  cases: [
    ['{"fizz":"buzz"}|set_conditional:"foo":"bar":2==1+1', '{"fizz":"buzz","foo":"bar"}'],
    ['{}|set_conditional:"status":"active":false', '{}'],
  ],
  each: (input, fn, args, context) => (isTruthy(args[1] ?? null) ? write('set_conditional', input, args[0], fn, context) : writable('set_conditional', input)),
  eachOwned: (input, fn, args, context) => (isTruthy(args[1] ?? null) ? write('set_conditional', input, args[0], fn, context, true) : input),
})

/** Sets a value unless it is unwanted. */
const setUnless =
  (filter: string, unwanted: (value: Value) => boolean, inPlace = false) =>
  (input: Value, args: readonly Value[], context: FilterContext): Value => {
    const value = args[1] ?? null
    return unwanted(value) ? writable(filter, input) : write(filter, input, args[0], () => value, context, inPlace)
  }

const isNull = (value: Value): boolean => value === null

export const setIfNotEmpty = defineFilter({
  name: 'set_ifnotempty',
  group,
  summary: 'The same as set when the value is not empty, else the input.',
  input: 'object',
  returns: 'object',
  args: [path, { name: 'value', type: 'any', required: true }],
  cases: [
    ['{"fizz":"buzz"}|set_ifnotempty:"foo":"bar"', '{"fizz":"buzz","foo":"bar"}'],
    ['{}|set_ifnotempty:"name":"John"', '{"name":"John"}'],
    ['{a:1}|set_ifnotempty:"a":""', '{a:1}'],
    ['{a:1}|set_ifnotempty:"a":0', '{a:1}'],
  ],
  apply: setUnless('set_ifnotempty', isEmpty),
  applyOwned: setUnless('set_ifnotempty', isEmpty, true),
})

export const setIfNotNull = defineFilter({
  name: 'set_ifnotnull',
  group,
  summary: 'The same as set when the value is not null, else the input.',
  input: 'object',
  returns: 'object',
  args: [path, { name: 'value', type: 'any', required: true }],
  cases: [
    ['{}|set_ifnotnull:"name":null', '{}'],
    ['{}|set_ifnotnull:"name":"John"', '{"name":"John"}'],
    ['{}|set_ifnotnull:"n":0', '{"n":0}'],
  ],
  apply: setUnless('set_ifnotnull', isNull),
  applyOwned: setUnless('set_ifnotnull', isNull, true),
})

export const unset = defineFilter({
  name: 'unset',
  group,
  summary: 'A copy without what stands at a path.',
  input: 'object or array',
  returns: 'object or array',
  args: [path],
  cases: [
    ['{"fizz":"buzz","foo":"bar"}|unset:"foo"', '{"fizz":"buzz"}'],
    ['{"name":"John"}|unset:"address"', '{"name":"John"}'],
    ['{a:{b:1,c:2}}|unset:"a.b"', '{a:{c:2}}'],
    ['[1,2,3]|unset:1', '[1,3]'],
    ['[{a:1,b:2}]|unset:"a"', '[{b:2}]'],
  ],
  apply: (input, args, context) => unsetPath(collectionOf('unset', input), pathOf('unset', args[0]), context.compileSelector),
})

export const has = defineFilter({
  name: 'has',
  group,
  summary: 'Whether something stands at a path; null counts.',
  input: 'object or array',
  returns: 'bool',
  args: [path],
  scalar: true,
  nullSafe: true,
  cases: [
    ['{"fizz":"buzz"}|has:"fizz"', 'true'],
    ['{"name":"John"}|has:"age"', 'false'],
    ['{a:null}|has:"a"', 'true'],
    ['null|has:"a"', 'false'],
    ['[1,2]|has:1', 'true'],
    ['[1,2]|has:2', 'false'],
    ['{a:{b:1}}|has:"a.b"', 'true'],
    ['{}|has:"toString"', 'false'],
  ],
  apply: (input, args, context) => hasPath(input, pathOf('has', args[0]), context.compileSelector),
})

export const firstNotNull = defineFilter({
  name: 'first_notnull',
  group,
  summary: 'The value, or the argument when the value is null.',
  input: 'any',
  returns: 'any',
  args: [{ name: 'value', type: 'any', required: true }],
  nullSafe: true,
  cases: [
    ['null|first_notnull:0', '0'],
    ['null|first_notnull:"default"', '"default"'],
    ['""|first_notnull:1', '""'],
    ['null|first_notnull:null|first_notnull:2', '2'],
  ],
  apply: (input, args) => input ?? args[0] ?? null,
})

export const firstNotEmpty = defineFilter({
  name: 'first_notempty',
  group,
  summary: 'The value, or the argument when the value is empty.',
  input: 'any',
  returns: 'any',
  args: [{ name: 'value', type: 'any', required: true }],
  nullSafe: true,
  cases: [
    ['""|first_notempty:1', '1'],
    ['"value"|first_notempty:"default"', '"value"'],
    ['"0"|first_notempty:"x"', '"x"'],
    ['[]|first_notempty:[1]', '[1]'],
  ],
  apply: (input, args) => (isEmpty(input) ? (args[0] ?? null) : input),
})

export const manipulationFilters: FilterSpec[] = [get, set, setConditional, setIfNotEmpty, setIfNotNull, unset, has, firstNotNull, firstNotEmpty]
