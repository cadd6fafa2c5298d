/** Statements over lists: in-place changes, searches, grouping and sets. */
import { fatal } from '../errors.js'
import { isList, isObj, isTruthy, unmarked, type Value } from '../lib/value.js'
import { toText, typeName } from '../runtime/convert.js'
import type { ArgumentSpec, HeadSpec, StatementSpec, Step } from '../runtime/define.js'
import type { Evaluate, Frame } from '../runtime/frame.js'
import { looseEquals } from '../runtime/operators.js'

const group = 'array'
const variable: HeadSpec = { kind: 'variable', summary: 'The list that changes.' }
const subject: HeadSpec = { kind: 'subject', summary: 'The list.' }

function listOf(name: string, value: Value): Value[] {
  if (isList(value)) return value
  if (value === null) return []
  throw fatal(`${name} needs a list, not ${typeName(value)}.`)
}

// Changes in place

interface Change {
  name: string
  summary: string
  value?: ArgumentSpec
  result?: string
  example: string
  /** Changes the list and gives the result. */
  change(list: Value[], value: Value): Value
}

/** A statement that changes the list in a variable; null becomes a list. */
function changing({ name, summary, value, result, example, change }: Change): StatementSpec {
  return {
    name,
    group,
    summary,
    head: variable,
    ...(value ? { args: { value } } : {}),
    ...(result ? { result } : {}),
    examples: [example],
    compile(step) {
      const place = step.place()
      const read: Evaluate = value ? step.value('value') : () => null
      return {
        async: false,
        run(frame) {
          const argument = read(frame)
          let list = place.edit(frame)
          if (list === null) {
            place.write(frame, [])
            list = place.edit(frame)
          }
          if (!isList(list)) throw fatal(`${name} needs a list in ${place.label}, not ${typeName(list)}.`)
          step.store(frame, change(list, argument))
          return undefined
        },
      }
    },
  }
}

const element: ArgumentSpec = { type: 'any', summary: 'The new element.', required: true }

const push = changing({
  name: 'array.push',
  summary: 'Adds an element at the end.',
  value: element,
  example: 'array.push $list { value = 1 }',
  change(list, value) {
    list.push(value)
    return null
  },
})

const unshift = changing({
  name: 'array.unshift',
  summary: 'Adds an element at the start.',
  value: element,
  example: 'array.unshift $list { value = 1 }',
  change(list, value) {
    list.unshift(value)
    return null
  },
})

const pop = changing({
  name: 'array.pop',
  summary: 'Removes the last element.',
  result: 'The removed element; null when the list is empty.',
  example: 'array.pop $list as $last',
  change: (list) => list.pop() ?? null,
})

const shift = changing({
  name: 'array.shift',
  summary: 'Removes the first element.',
  result: 'The removed element; null when the list is empty.',
  example: 'array.shift $list as $first',
  change: (list) => list.shift() ?? null,
})

const merge: StatementSpec = {
  name: 'array.merge',
  group,
  summary: 'Adds all elements of another list at the end; members of an object to an object.',
  head: variable,
  args: { value: { type: 'any[]', summary: 'The list to add.', required: true } },
  examples: ['array.merge $list { value = [2, 3] }'],
  compile(step) {
    const place = step.place()
    const read = step.value('value')
    return {
      async: false,
      run(frame) {
        const value = read(frame)
        const target = place.edit(frame) ?? []
        if (isList(target)) mergeList(target, value, frame)
        else if (isObj(target) && isObj(value)) for (const [key, member] of value) target.set(key, member)
        else throw fatal(`array.merge needs a list in ${place.label}, not ${typeName(target)}.`)
        place.write(frame, target)
        return undefined
      },
    }
  },
}

function mergeList(target: Value[], value: Value, frame: Frame): void {
  const items = isList(value) ? value : isObj(value) ? [...value.values()] : value === null ? [] : [value]
  frame.run.budget.spend(items.length)
  for (const item of items) target.push(item)
}

// Searches

interface Search {
  name: string
  summary: string
  result: string
  /** `matches(i)` judges one element. */
  find(list: readonly Value[], matches: (item: Value, index: number) => boolean): Value
}

function searching({ name, summary, result, find }: Search): StatementSpec {
  return {
    name,
    group,
    summary,
    head: subject,
    condition: 'required',
    result,
    examples: [`${name} $list if ($this > 1) as $r`],
    compile(step) {
      const [read, condition] = [step.head(), step.condition()]
      return {
        async: false,
        run(frame) {
          const list = listOf(name, read(frame))
          step.store(
            frame,
            find(list, (item, index) => isTruthy(condition(frame, item, index, list))),
          )
          return undefined
        },
      }
    },
  }
}

const searches = [
  searching({
    name: 'array.find',
    summary: 'The first element for which the condition holds.',
    result: 'The element, or null.',
    find: (list, matches) => list.find(matches) ?? null,
  }),
  searching({
    name: 'array.find_index',
    summary: 'Index of the first element for which the condition holds.',
    result: 'The index; -1 when there is none.',
    find: (list, matches) => list.findIndex(matches),
  }),
  searching({ name: 'array.has', summary: 'Whether the condition holds for any element.', result: 'A bool.', find: (list, matches) => list.some(matches) }),
  searching({ name: 'array.every', summary: 'Whether the condition holds for all elements.', result: 'A bool.', find: (list, matches) => list.every(matches) }),
  searching({ name: 'array.filter', summary: 'The elements for which the condition holds.', result: 'A list.', find: (list, matches) => list.filter(matches) }),
  searching({
    name: 'array.filter_count',
    summary: 'How many elements the condition holds for.',
    result: 'An int.',
    find: (list, matches) => list.filter(matches).length,
  }),
  searching({
    name: 'array.partition',
    summary: 'The elements for which the condition holds, and the others.',
    result: '{true: […], false: […]}',
    find(list, matches) {
      const [yes, no]: [Value[], Value[]] = [[], []]
      list.forEach((item, index) => void (matches(item, index) ? yes : no).push(item))
      return new Map([
        ['true', yes],
        ['false', no],
      ])
    },
  }),
]

// Mapping and grouping

const by: ArgumentSpec = { type: 'expression', summary: 'Computed for each element; uses $this.', kind: 'lazy' }

/** A statement over the elements and what `by` gives for each. */
function mapping(name: string, summary: string, result: string, build: (list: readonly Value[], keys: readonly Value[]) => Value): StatementSpec {
  return {
    name,
    group,
    summary,
    head: subject,
    args: { by: { ...by, required: true } },
    result,
    examples: [`${name} ($list) {\n  by = $this.kind\n} as $r`],
    compile(step) {
      const [read, key] = [step.head(), step.lazy('by')]
      return {
        async: false,
        run(frame) {
          const list = listOf(name, read(frame))
          const keys = list.map((item, index) => key(frame, item, index, list))
          step.store(frame, build(list, keys))
          return undefined
        },
      }
    },
  }
}

const map = mapping('array.map', 'Computes a value for every element.', 'List of the values.', (_, values) => [...values])

const groupBy = mapping('array.group_by', 'Groups elements by a computed key.', 'Object of key → list.', (list, keys) => {
  const out = new Map<string, Value[]>()
  list.forEach((item, i) => {
    const key = toText(keys[i] ?? null)
    const members = out.get(key)
    if (members) members.push(item)
    else out.set(key, [item])
  })
  return out
})

// Sets

/** A statement over two lists whose elements are compared by `by`. */
function comparing(name: string, summary: string, result: string, build: (own: Keyed[], other: Keyed[]) => Value[]): StatementSpec {
  return {
    name,
    group,
    summary,
    head: subject,
    args: { value: { type: 'any[]', summary: 'The other list.', required: true }, by: { ...by, summary: 'What is compared; the element itself when absent.' } },
    result,
    examples: [`${name} ([1, 2]) {\n  value = [2, 3]\n  by = $this\n} as $r`],
    compile(step) {
      const [read, readOther] = [step.head(), step.value('value')]
      const key = keyOf(step)
      return {
        async: false,
        run(frame) {
          const [own, other] = [listOf(name, read(frame)), listOf(name, readOther(frame))]
          frame.run.budget.spend(own.length + other.length)
          step.store(frame, build(key(frame, own), key(frame, other)))
          return undefined
        },
      }
    },
  }
}

interface Keyed {
  item: Value
  key: Value
}

function keyOf(step: Step): (frame: Frame, list: readonly Value[]) => Keyed[] {
  const key = step.lazy('by')
  return (frame, list) => list.map((item, index) => ({ item, key: key(frame, item, index, list as Value[]) }))
}

/** Membership by `==`: scalars by their text, the rest one by one. */
class KeySet {
  private readonly scalars = new Set<string>()
  private readonly others: Value[] = []

  /** False when it was there before. */
  add(given: Value): boolean {
    const key = unmarked(given)
    if (this.has(key)) return false
    if (typeof key === 'string' || typeof key === 'number') this.scalars.add(String(key))
    else this.others.push(key)
    return true
  }

  has(given: Value): boolean {
    const key = unmarked(given)
    if (typeof key === 'string' || typeof key === 'number') return this.scalars.has(String(key))
    return this.others.some((other) => looseEquals(other, key))
  }
}

function keySet(entries: readonly Keyed[]): KeySet {
  const set = new KeySet()
  for (const { key } of entries) set.add(key)
  return set
}

const items = (entries: readonly Keyed[]): Value[] => entries.map(({ item }) => item)

const sets = [
  comparing('array.union', 'The distinct elements of both lists.', 'A list.', (own, other) => {
    const seen = new KeySet()
    return items([...own, ...other].filter(({ key }) => seen.add(key)))
  }),
  comparing('array.difference', 'The elements that are not in the other list.', 'A list.', (own, other) => {
    const others = keySet(other)
    return items(own.filter(({ key }) => !others.has(key)))
  }),
  comparing('array.intersection', 'The elements that are in both lists.', 'A list.', (own, other) => {
    const others = keySet(other)
    return items(own.filter(({ key }) => others.has(key)))
  }),
]

export const arrayStatements = [push, unshift, merge, pop, shift, ...searches, map, groupBy, ...sets]
