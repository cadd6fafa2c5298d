/** Objects on their way into a row: their members, and whether the caller made all of it. */
import type { Expr } from '../../../lang/tree.js'
import { type Labels, nothing, union } from './labels.js'
import { memberOf, textOf, textsOf, variableName } from './syntax.js'

/** `input`: everything the caller sent, as declared. `raw`: an object whose members nobody declared. */
export type Whole = 'input' | 'raw'
export type Members = ReadonlyMap<string, Labels>

export interface ObjectReader {
  labels(expr: Expr): Labels
  /** By the name of a variable, or `input.NAME`. */
  whole(name: string): Whole | undefined
  members(name: string): Members | undefined
  /** The caller has a say in it. */
  isChosen(expr: Expr): boolean
}

/** Filters that give an object more members, with the key first. */
const setters = new Set(['set', 'set_ifnotempty', 'set_ifnotnull', 'set_conditional'])
/** Filters after which an object still has nearly all its members. */
const keepers = new Set([
  'unset',
  'filter_null',
  'filter_empty',
  'filter_empty_text',
  'json_encode',
  'json_decode',
  'push',
  'append',
  'safe_array',
  'first',
  'last',
])
const mergers = new Set(['merge', 'merge_recursive', 'first_notnull', 'first_notempty', 'push', 'append'])

const inputName = (expr: Expr): string | undefined =>
  expr.type === 'variable' ? expr.name : expr.type === 'member' && variableName(expr.object) === 'input' ? `input.${expr.name}` : undefined

/** Whether the expression is an object of everything the caller sent, perhaps with more put in or a few taken out. */
export function wholeOf(expr: Expr, reader: ObjectReader): Whole | undefined {
  const name = inputName(expr)
  if (name !== undefined) return reader.whole(name)
  const first = (parts: readonly Expr[]): Whole | undefined => parts.map((part) => wholeOf(part, reader)).find((found) => found !== undefined)
  switch (expr.type) {
    case 'filter':
      return wholeFiltered(expr, reader, first)
    case 'object':
      if (expr.entries.some((entry) => entry.type === 'computed' && reader.isChosen(entry.key))) return 'raw'
      return first(expr.entries.flatMap((entry) => (entry.type === 'spread' ? [entry.value] : [])))
    case 'ternary':
      return first([expr.then, expr.else])
    case 'binary':
      return expr.op === '??' || expr.op === '||' ? first([expr.left, expr.right]) : undefined
    case 'list':
      return first(expr.items.map((item) => (item.type === 'spread' ? item.value : item)))
    case 'index':
      return wholeOf(expr.object, reader)
    case 'member': {
      const whole = wholeOf(expr.object, reader)
      return whole === 'raw' ? whole : undefined
    }
    default:
      return undefined
  }
}

function wholeFiltered(expr: Extract<Expr, { type: 'filter' }>, reader: ObjectReader, first: (parts: readonly Expr[]) => Whole | undefined): Whole | undefined {
  const { input, name, args } = expr
  const given = input === null ? [] : [input]
  if (expr.disabled === true) return first(given)
  const [key] = args
  if (setters.has(name)) return key !== undefined && textOf(key) === undefined && reader.isChosen(key) ? 'raw' : first(given)
  // What becomes of each item: `$input.rows|map:{title: $$.title}` names its members, `$input.rows|map:$$` does not.
  if (name === 'map') {
    const [item] = args
    const each: ObjectReader = { ...reader, whole: (one) => (one === '$' || one === 'this' ? first(given) : reader.whole(one)) }
    return item === undefined ? first(given) : wholeOf(item, each)
  }
  if (name === 'get' && textOf(key) !== undefined) return first(given) === 'raw' ? 'raw' : undefined
  if (mergers.has(name)) return first([...given, ...args])
  return keepers.has(name) ? first(given) : undefined
}

/** Labels of the members that are known to be there; null when the expression is no object that is written out somewhere. */
export function membersOf(expr: Expr, reader: ObjectReader): Members | null {
  const name = inputName(expr)
  if (name !== undefined) return reader.members(name) ?? null
  switch (expr.type) {
    case 'object':
      return joined(
        expr.entries.map((entry) => {
          if (entry.type === 'entry') return new Map([[entry.key, reader.labels(entry.value)]])
          const key = entry.type === 'computed' ? textOf(entry.key) : undefined
          return key === undefined ? membersOf(entry.value, reader) : new Map([[key, reader.labels(entry.value)]])
        }),
      )
    case 'list':
      return joined(expr.items.map((item) => membersOf(item.type === 'spread' ? item.value : item, reader)))
    case 'ternary':
      return joined([membersOf(expr.then, reader), membersOf(expr.else, reader)])
    case 'binary':
      return expr.op === '??' || expr.op === '||' ? joined([membersOf(expr.left, reader), membersOf(expr.right, reader)]) : null
    case 'filter':
      return filteredMembers(expr, reader)
    default:
      return null
  }
}

function filteredMembers(expr: Extract<Expr, { type: 'filter' }>, reader: ObjectReader): Members | null {
  const { input, name, args } = expr
  const before = input === null ? null : membersOf(input, reader)
  if (expr.disabled === true) return before
  const [first, second] = args
  if (setters.has(name)) {
    const key = textOf(first)
    const put = key === undefined || second === undefined ? null : new Map([[key.split('.')[0] ?? key, reader.labels(second)]])
    return joined([before, put])
  }
  if (name === 'pick' && input !== null) {
    return new Map(textsOf(first).map((key) => [key, reader.labels(memberOf(input, key) ?? { type: 'member', object: input, name: key })]))
  }
  if (name === 'unset' && before !== null) {
    const gone = textOf(first)
    return new Map([...before].filter(([key]) => key !== gone))
  }
  if (name === 'map' && first !== undefined) return membersOf(first, reader)
  if (mergers.has(name)) return joined([before, ...args.map((arg) => membersOf(arg, reader))])
  return keepers.has(name) ? before : null
}

/** A member of several objects owes to all of them. */
export function joined(objects: readonly (Members | null | undefined)[]): Members | null {
  const known = objects.filter((members): members is Members => members !== null && members !== undefined)
  if (known.length === 0) return null
  const all = new Map<string, Labels>()
  for (const members of known) for (const [key, labels] of members) all.set(key, union(all.get(key) ?? nothing, labels))
  return all
}
