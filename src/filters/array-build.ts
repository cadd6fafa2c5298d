/** Filters that build lists: ranges, copies, order turned, nesting flattened. */
import { fatal } from '../errors.js'
import { isList, unmarked, type Value } from '../lib/value.js'
import { defineFilter, type FilterSpec } from '../runtime/define.js'
import { spendList } from './bounds.js'
import { intOf, keysOf, listOf } from './operand.js'

const group = 'array'

export const range = defineFilter({
  name: 'range',
  group,
  summary: 'The ints from start to stop, both included, upwards or downwards.',
  input: 'ignored',
  returns: 'int[]',
  args: [
    { name: 'start', type: 'int', required: true },
    { name: 'stop', type: 'int', required: true, summary: 'Included.' },
  ],
  scalar: true,
  cases: [
    ['|range:10:15', '[10,11,12,13,14,15]'],
    ['|range:1:5', '[1,2,3,4,5]'],
    ['null|range:0:2', '[0,1,2]'],
    ['|range:3:1', '[3,2,1]'],
    ['|range:2:2', '[2]'],
    ['|range:-1:1', '[-1,0,1]'],
  ],
  apply(_, args, context) {
    const start = intOf('range', args[0] ?? null, 'start')
    const stop = intOf('range', args[1] ?? null, 'stop')
    const length = Math.abs(stop - start) + 1
    spendList(context, 'range', length)
    const step = stop < start ? -1 : 1
    return Array.from({ length }, (_, index) => start + index * step)
  },
})

/** `[]|fill:3:0` and `|fill:3:"x"`: older spellings with the count first and the value second. */
const countsFirst = (input: Value, start: number, length: Value): boolean =>
  (input === null || (isList(input) && input.length === 0)) && start > 0 && !(Number.isInteger(unmarked(length)) && Number(length) > 0)

export const fill = defineFilter({
  name: 'fill',
  aliases: ['array_fill'],
  group,
  summary: 'A list of copies of the value from an index on; nulls come before.',
  input: 'any (the value)',
  returns: 'any[]',
  args: [
    { name: 'start', type: 'int', required: true, summary: 'Index of the first copy.' },
    { name: 'length', type: 'int', required: true, summary: 'Number of copies.' },
  ],
  cases: [
    ['"v"|fill:0:6', '["v","v","v","v","v","v"]'],
    ['0|fill:0:3', '[0,0,0]'],
    ['"x"|fill:2:5', '[null,null,"x","x","x","x","x"]'],
    ['|fill:2:"x"', '["x","x"]'],
    ['[]|fill:3:0', '[0,0,0]'],
    ['[]|fill:0:2', '[[],[]]'],
    ['"x"|fill:0:0', '[]'],
  ],
  apply(input, args, context) {
    const start = intOf('fill', args[0] ?? null, 'start')
    const swapped = countsFirst(input, start, args[1] ?? null)
    const length = swapped ? start : intOf('fill', args[1] ?? null, 'length')
    if (start < 0 || length < 0) throw fatal('Filter "fill" needs a start and a length of 0 or more.')
    const offset = swapped || length === 0 ? 0 : start
    const value = swapped ? (args[1] ?? null) : input
    spendList(context, 'fill', offset + length)
    return Array.from({ length: offset + length }, (_, index) => (index < offset ? null : value))
  },
})

export const fillKeys = defineFilter({
  name: 'fill_keys',
  aliases: ['array_fill_keys'],
  group,
  summary: 'An object that holds the value under each of the keys.',
  input: 'any (the value)',
  returns: 'object',
  args: [{ name: 'keys', type: 'text[]', required: true }],
  cases: [
    ['"value"|fill_keys:["a","b","c"]', '{"a":"value","b":"value","c":"value"}'],
    ['0|fill_keys:["x","y"]', '{"x":0,"y":0}'],
    ['1|fill_keys:["2","1","__proto__"]', '{"2":1,"1":1,"__proto__":1}'],
  ],
  apply(input, args, context) {
    const keys = keysOf('fill_keys', args[0] ?? null, 'keys')
    spendList(context, 'fill_keys', keys.length)
    return new Map(keys.map((key) => [key, input]))
  },
})

export const reverse = defineFilter({
  name: 'reverse',
  group,
  summary: 'The elements from last to first.',
  input: 'any[]',
  returns: 'any[]',
  cases: [
    ['[12,13,14,15]|reverse', '[15,14,13,12]'],
    ['["a","b"]|reverse', '["b","a"]'],
  ],
  apply: (input) => listOf('reverse', input).toReversed(),
})

export const flatten = defineFilter({
  name: 'flatten',
  group,
  summary: 'All elements of nested lists in one list.',
  input: 'any[]',
  returns: 'any[]',
  cases: [
    ['[[1,2],[3,4]]|flatten', '[1,2,3,4]'],
    ['[1,[2,[3]]]|flatten', '[1,2,3]'],
    ['[[],[[{a:[1]}]],2]|flatten', '[{a:[1]},2]'],
  ],
  apply(input, _, context) {
    const out: Value[] = []
    const open: [list: Value[], next: number][] = [[listOf('flatten', input), 0]]
    for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
      const item = top[0][top[1]++]
      spendList(context, 'flatten', 1)
      if (item === undefined) open.pop()
      else if (isList(item)) open.push([item, 0])
      else out.push(item)
    }
    return out
  },
})

export const shuffle = defineFilter({
  name: 'shuffle',
  aliases: ['array_shuffle'],
  group,
  summary: 'The elements in random order.',
  input: 'any[]',
  returns: 'any[]',
  cases: [
    ['([1,2,3,4]|shuffle)|sort', '[1,2,3,4]'],
    ['[]|shuffle', '[]'],
  ],
  apply(input, _, context) {
    const out = listOf('shuffle', input).slice()
    spendList(context, 'shuffle', out.length)
    for (let at = out.length - 1; at > 0; at--) {
      const other = context.random.int(0, at)
      const item = out[at] as Value
      out[at] = out[other] as Value
      out[other] = item
    }
    return out
  },
})

export const arrayBuildFilters: FilterSpec[] = [range, fill, fillKeys, reverse, flatten, shuffle]
