/** Filters that sort. */
import { fatal } from '../errors.js'
import { didYouMean } from '../lang/suggest.js'
import { isNumber, unmarked, type Value } from '../lib/value.js'
import { toText } from '../runtime/convert.js'
import { defineFilter, type FilterContext, type FilterSpec } from '../runtime/define.js'
import { compareText } from '../runtime/operators.js'
import { lensOf } from './array-sets.js'
import { spendList } from './bounds.js'
import { foldCase } from './code-points.js'
import { listOf, textOf } from './operand.js'

type Compare<K> = (a: K, b: K) => number
/** How keys are made of values and compared. */
interface Order {
  key(value: Value): number | string
  compare: Compare<number | string>
}

/** Number of a sort key; what is no number counts 0. */
function sortNumber(given: Value): number {
  const value = unmarked(given)
  const number = typeof value === 'boolean' ? Number(value) : typeof value === 'number' ? value : typeof value === 'string' ? Number.parseFloat(value) : 0
  return Number.isNaN(number) ? 0 : number
}

const textCompare = compareText as Compare<number | string>

const chunksOf = (text: string): string[] => text.match(/\d+|\D+/g) ?? []

/** Runs of digits compare as numbers, of any length. */
function compareDigits(a: string, b: string): number {
  const left = a.replace(/^0+/, '')
  const right = b.replace(/^0+/, '')
  return left.length - right.length || compareText(left, right) || a.length - b.length
}

/** The order people expect: `img2` before `img10`. */
function compareNatural(a: string, b: string): number {
  const left = chunksOf(a)
  const right = chunksOf(b)
  for (let at = 0; at < Math.min(left.length, right.length); at++) {
    const x = left[at] as string
    const y = right[at] as string
    const order = /^\d/.test(x) && /^\d/.test(y) ? compareDigits(x, y) : compareText(x, y)
    if (order !== 0) return order
  }
  return left.length - right.length
}

const numeric: Order = { key: sortNumber, compare: (a, b) => (a as number) - (b as number) }
const text: Order = { key: toText, compare: textCompare }
const foldedText: Order = { key: (value) => foldCase(toText(value)), compare: textCompare }
const natural: Order = { key: toText, compare: compareNatural as Compare<number | string> }
const foldedNatural: Order = { key: foldedText.key, compare: natural.compare }

const orders = new Map<string, Order>([
  ['text', text],
  ['itext', foldedText],
  ['number', numeric],
  ['int', numeric],
  ['decimal', numeric],
  ['natural', natural],
  ['inatural', foldedNatural],
])

/** Without a type: numbers as numbers, everything else as text. */
const orderFor = (values: readonly Value[]): Order => (values.every(isNumber) ? numeric : text)

function namedOrder(filter: string, name: string): Order {
  const order = orders.get(name)
  if (order) return order
  throw fatal(`Filter "${filter}" does not know the type "${name}".`, {
    hint: didYouMean(name, orders.keys()) ?? `Known: ${Array.from(orders.keys()).join(', ')}.`,
  })
}

const directions = new Map<string, boolean>([
  ['asc', true],
  ['desc', false],
])

/** True = ascending. */
function ascending(filter: string, direction: Value): boolean {
  if (direction === null || direction === '') return true
  if (typeof direction === 'boolean') return direction
  if (isNumber(direction)) return Number(direction) !== 0
  const word = typeof direction === 'string' ? direction.toLowerCase() : ''
  const known = directions.get(word) ?? (word === 'true' ? true : word === 'false' ? false : undefined)
  if (known !== undefined) return known
  throw fatal(`Filter "${filter}" does not know the direction ${typeof direction === 'string' ? `"${direction}"` : 'given'}.`, {
    hint: 'Write true or "asc", false or "desc".',
  })
}

/** Stable. The input stays as it is. */
function sorted(list: readonly Value[], lens: (item: Value) => Value, order: Order | null, up: boolean, context: FilterContext): Value[] {
  spendList(context, 'sort', Math.ceil(list.length * Math.log2(list.length + 2)))
  const seen = list.map(lens)
  const { key, compare } = order ?? orderFor(seen)
  const keyed = list.map((item, index) => ({ item, key: key(seen[index] as Value) }))
  keyed.sort((a, b) => (up ? compare(a.key, b.key) : compare(b.key, a.key)))
  return keyed.map(({ item }) => item)
}

export const sort = defineFilter({
  name: 'sort',
  aliases: ['fsort'],
  group: 'array',
  summary: 'The elements in order, by themselves or by what stands at a path in them; equal ones keep their order.',
  input: 'any[]',
  returns: 'any[]',
  args: [
    { name: 'path', type: 'text', default: '', summary: 'What to compare in each element; the element itself when empty.' },
    {
      name: 'type',
      type: 'enum text|itext|number|int|decimal|natural|inatural',
      default: '',
      summary: 'Numbers compare as numbers and the rest as text when empty; the i forms ignore case; natural puts img2 before img10.',
    },
    { name: 'asc', type: 'bool', default: true, summary: 'true or "asc" ascending, false or "desc" descending.' },
  ],
  cases: [
    ['[3,1,2]|sort', '[1,2,3]'],
    ['["b","a","c"]|sort', '["a","b","c"]'],
    ['[{v:2},{v:1}]|sort:"v":"number":true', '[{v:1},{v:2}]'],
    ['[{v:1},{v:2}]|sort:"v":"number":false', '[{v:2},{v:1}]'],
    ['[10,9,1]|sort', '[1,9,10]'],
    ['["b","B","a"]|sort', '["B","a","b"]'],
    ['["b","B","a"]|sort:"":"itext"', '["a","b","B"]'],
    ['["10","9"]|sort:"":"int":"asc"', '["9","10"]'],
    ['[{v:1},{v:2}]|sort:"v":"int":"desc"', '[{v:2},{v:1}]'],
    ['["img10","img2"]|sort:"":"natural"', '["img2","img10"]'],
    ['["b",10,9]|sort', '[10,9,"b"]'],
    ['[{a:{b:2}},{a:{b:1}}]|sort:"a.b"', '[{a:{b:1}},{a:{b:2}}]'],
    ['[1,2]|sort:"":"desc"', '[2,1]'],
  ],
  apply(input, args, context) {
    const type = textOf('sort', args[1] ?? null, 'type').toLowerCase()
    // Programs in the wild write the direction in place of the type.
    const shorthand = directions.get(type)
    const order = type === '' || shorthand !== undefined ? null : namedOrder('sort', type)
    return sorted(listOf('sort', input), lensOf(textOf('sort', args[0] ?? null, 'path')), order, shorthand ?? ascending('sort', args[2] ?? null), context)
  },
})

export const rsort = defineFilter({
  name: 'rsort',
  group: 'array',
  summary: 'The elements in descending order.',
  input: 'any[]',
  returns: 'any[]',
  cases: [
    ['[1,3,2]|rsort', '[3,2,1]'],
    ['["a","b"]|rsort', '["b","a"]'],
  ],
  apply: (input, _, context) => sorted(listOf('rsort', input), lensOf(''), null, false, context),
})

export const arrayOrderFilters: FilterSpec[] = [sort, rsort]
