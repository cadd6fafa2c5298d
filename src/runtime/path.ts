/**
 * Dotted paths into values, as `get`, `set`, `unset`, `has` and sorting use them: `a.b`, `items.0.id`, `items[0].id`, `items[-1]`,
 * `a."two words"`, `items[$$.id > 1].tags`. A name on a list collects it from every element, one level of lists flattened.
 */
import { fatal } from '../errors.js'
import { isList, isNumber, isObj, isTruthy, type Obj, unmarked, type Value } from '../lib/value.js'
import { Cache } from './cache.js'

/** Judges one element while a path is walked. `stack` holds the value of every step from the root, the element last (`$0`, `$1` …). */
export type Selector = (item: Value, index: Value, parent: Value, stack: readonly Value[]) => Value
/** Compiles the text between the brackets of `items[$$.id > 1]`. */
export type SelectorCompiler = (source: string) => Selector

/** A step by key; `index` is the same as a list index, null for a name. */
export interface NameSegment {
  readonly kind: 'name'
  readonly name: string
  readonly index: number | null
}
export type Segment = NameSegment | { readonly kind: 'select'; readonly select: Selector }

export type Path = readonly Segment[]
/** Gives the new value for the old one; `old` is null when the place is missing. */
export type Replace = (old: Value, index: Value, parent: Value) => Value

const parsed = new Cache<string, Path>(2000)
const integer = /^-?\d{1,15}$/

/** A step by name or index. */
export function nameSegment(name: string | number): NameSegment {
  const text = String(name)
  return { kind: 'name', name: text, index: integer.test(text) ? Number(text) : null }
}

/** Reads a path. Numbers are indexes. Without `compileSelector` a selector is an error. */
export function parsePath(given: Value, compileSelector?: SelectorCompiler): Path {
  const source = unmarked(given)
  if (typeof source === 'number') return [nameSegment(Math.trunc(source))]
  if (source === null || source === '') return []
  if (typeof source !== 'string') throw fatal('A path must be text or a number.')
  const known = parsed.get(source)
  if (known) return known
  const segments = scan(source, compileSelector)
  if (segments.every((segment) => segment.kind === 'name')) parsed.set(source, segments)
  return segments
}

function scan(source: string, compileSelector?: SelectorCompiler): Segment[] {
  const segments: Segment[] = []
  let at = 0
  let expectName = true
  while (at < source.length) {
    const char = source[at]
    if (char === '[') {
      const end = closingBracket(source, at)
      if (end < 0) {
        segments.push(nameSegment(source.slice(at)))
        return segments
      }
      const segment = bracketSegment(source.slice(at + 1, end).trim(), compileSelector)
      if (segment === null) return [nameSegment(source)]
      segments.push(segment)
      at = end + 1
      expectName = false
    } else if (char === '.') {
      if (expectName) segments.push(nameSegment(''))
      at++
      expectName = true
    } else if ((char === '"' || char === "'") && expectName && quotedEnd(source, at) > 0) {
      const end = quotedEnd(source, at)
      segments.push(nameSegment(unquote(source.slice(at, end + 1))))
      at = end + 1
      expectName = false
    } else {
      let end = at
      while (end < source.length && source[end] !== '.' && source[end] !== '[') end++
      segments.push(nameSegment(source.slice(at, end)))
      at = end
      expectName = false
    }
  }
  if (expectName) segments.push(nameSegment(''))
  return segments
}

/** What stands between brackets; null when it is neither index, name nor selector: then the whole text is a key, such as `[1,2]`. */
function bracketSegment(content: string, compileSelector?: SelectorCompiler): Segment | null {
  if (integer.test(content)) return nameSegment(content)
  if (/^(["']).*\1$/s.test(content) && quotedEnd(content, 0) === content.length - 1) return nameSegment(unquote(content))
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(content)) return nameSegment(content)
  if (!content.includes('$')) return null
  if (!compileSelector) throw fatal(`A selector such as [${content}] is not possible here.`)
  return { kind: 'select', select: compileSelector(content) }
}

function closingBracket(source: string, open: number): number {
  let depth = 0
  for (let at = open; at < source.length; at++) {
    const char = source[at]
    if (char === '"' || char === "'") {
      const end = quotedEnd(source, at)
      if (end > 0) at = end
    } else if (char === '[') depth++
    else if (char === ']' && --depth === 0) return at
  }
  return -1
}

function quotedEnd(source: string, open: number): number {
  for (let at = open + 1; at < source.length; at++) {
    if (source[at] === '\\') at++
    else if (source[at] === source[open]) return at
  }
  return -1
}

const unquote = (quoted: string): string => quoted.slice(1, -1).replace(/\\(.)/gs, '$1')

/** The member of a value by one name: a key, a list index (negative from the end), or the name collected from every element. `undefined` when missing. */
export function getMember(value: Value, name: string, index: number | null): Value | undefined {
  if (isObj(value)) return value.get(name)
  if (!isList(value)) return undefined
  if (index !== null) return value[index < 0 ? value.length + index : index]
  return collect(value, (item) => getMember(item, name, null))
}

function collect(list: readonly Value[], read: (item: Value) => Value | undefined): Value[] | undefined {
  const out: Value[] = []
  let found = list.length === 0
  for (const item of list) {
    const member = read(item)
    if (member !== undefined) found = true
    if (isList(member)) for (const inner of member) out.push(inner)
    else out.push(member ?? null)
  }
  return found ? out : undefined
}

/** The value at a path, `undefined` when there is none. A key that equals the whole text wins over its parts. */
export function getPath(value: Value, given: Value, compileSelector?: SelectorCompiler): Value | undefined {
  const path = unmarked(given)
  if (isObj(value) && (typeof path === 'string' || typeof path === 'number')) {
    const exact = value.get(String(path))
    if (exact !== undefined) return exact
    if (typeof path === 'number') return undefined
  }
  const segments = parsePath(path, compileSelector)
  const stack: Value[] | null = segments.some((segment) => segment.kind === 'select') ? [value] : null
  let at: Value | undefined = value
  for (const segment of segments) {
    at = segment.kind === 'name' ? getMember(at, segment.name, segment.index) : selectFrom(at, segment.select, stack ?? [])
    if (at === undefined) return undefined
    stack?.push(at)
  }
  return at
}

/** The elements of a list (or the object itself) a selector accepts. */
export function selectFrom(value: Value, select: Selector, stack: readonly Value[]): Value | undefined {
  if (isList(value)) return value.filter((item, index) => isTruthy(select(item, index, value, [...stack, item])))
  return isObj(value) && isTruthy(select(value, 0, value, [...stack, value])) ? value : undefined
}

/** Whether something stands at a path; null counts. */
export const hasPath = (value: Value, path: Value, compileSelector?: SelectorCompiler): boolean => getPath(value, path, compileSelector) !== undefined

/** A copy with the value at a path replaced; missing objects on the way are made. `replace` is a value or asked once per place hit. */
export function setPath(value: Value, path: Value, replace: Value | Replace, compileSelector?: SelectorCompiler): Value {
  const change: Replace = typeof replace === 'function' ? replace : () => replace
  if (isObj(value) && typeof path === 'string' && (path === '' || value.has(path))) return setIn(value, [nameSegment(path)], 0, change, [value])
  return setIn(value, parsePath(path, compileSelector), 0, change, [value])
}

/** The same in a container that nobody else holds: changed in place and returned. What it contains may be shared and is copied. */
export function setPathOwned(owned: Value[] | Obj, path: Value, replace: Value | Replace, compileSelector?: SelectorCompiler): Value {
  const change: Replace = typeof replace === 'function' ? replace : () => replace
  const exact = isObj(owned) && typeof path === 'string' && (path === '' || owned.has(path))
  const segments = exact ? [nameSegment(path)] : parsePath(path, compileSelector)
  const [first, ...rest] = segments
  if (first?.kind !== 'name' || (isList(owned) && first.index === null)) return setIn(owned, segments, 0, change, [owned])
  const next = (old: Value | undefined, key: Value): Value =>
    rest.length === 0 ? change(old ?? null, key, owned) : setIn(old ?? null, rest, 0, change, [owned, old ?? null])
  if (isObj(owned)) return owned.set(first.name, next(owned.get(first.name), first.name))
  const index = writableIndex(owned, first.index ?? 0)
  const value = next(owned[index], index)
  // The value is computed before the list grows: it may read the list, and may fail.
  fillTo(owned, index)
  owned[index] = value
  return owned
}

function setIn(value: Value, path: Path, depth: number, replace: Replace, stack: readonly Value[]): Value {
  const segment = path[depth]
  if (segment === undefined) return replace(value, null, null)
  const last = depth === path.length - 1
  const next = (old: Value | undefined, key: Value, parent: Value): Value =>
    last ? replace(old ?? null, key, parent) : setIn(old ?? null, path, depth + 1, replace, [...stack, old ?? null])
  if (segment.kind === 'select') return setSelected(value, segment.select, next, stack)
  if (isList(value)) return setInList(value, segment, next, (item) => setIn(item, path, depth, replace, stack))
  const out: Obj = new Map(asObject(value, segment.name))
  out.set(segment.name, next(out.get(segment.name), segment.name, value))
  return out
}

type Next = (old: Value | undefined, key: Value, parent: Value) => Value

function setInList(list: Value[], segment: NameSegment, next: Next, each: (item: Value) => Value): Value {
  if (segment.index === null) {
    if (list.length === 0) return new Map([[segment.name, next(undefined, segment.name, list)]])
    return list.map(each)
  }
  const out = list.slice()
  const index = reserveIndex(out, segment.index)
  out[index] = next(list[index], index, list)
  return out
}

function setSelected(value: Value, select: Selector, next: Next, stack: readonly Value[]): Value {
  if (isList(value)) return value.map((item, index) => (isTruthy(select(item, index, value, [...stack, item])) ? next(item, index, value) : item))
  return isObj(value) && isTruthy(select(value, 0, value, [...stack, value])) ? next(value, 0, value) : value
}

/** A list is not filled up by more than this. */
const maxGap = 100_000

/** An index that may be written, counted from the start. Throws for one before the start or far past the end. */
function writableIndex(list: readonly Value[], index: number): number {
  const at = index < 0 ? list.length + index : index
  if (at < 0 || at > list.length + maxGap) throw fatal(`Index ${index} is outside a list of ${list.length}.`)
  return at
}

function fillTo(list: Value[], length: number): void {
  while (list.length < length) list.push(null)
}

/** An index that may be written; the list is filled with nulls up to it. Throws for one before the start or far past the end. */
export function reserveIndex(list: Value[], index: number): number {
  const at = writableIndex(list, index)
  fillTo(list, at)
  return at
}

/** The object a key is written into; a missing one is made. */
export function asObject(value: Value, key: string): Obj {
  if (isObj(value)) return value
  if (value === null || value === '') return new Map()
  throw fatal(`Unable to set "${key}": the value is ${kindOf(value)}, not an object.`)
}

const kindOf = (value: Value): string =>
  typeof value === 'string' ? 'text' : typeof value === 'boolean' ? 'a bool' : isNumber(value) ? 'a number' : 'not an object'

/** A copy without what stands at a path; nothing there is no error. */
export function unsetPath(value: Value, path: Value, compileSelector?: SelectorCompiler): Value {
  if (isObj(value) && typeof path === 'string' && value.has(path)) return unsetIn(value, [nameSegment(path)], 0, [value])
  return unsetIn(value, parsePath(path, compileSelector), 0, [value])
}

function unsetIn(value: Value, path: Path, depth: number, stack: readonly Value[]): Value {
  const segment = path[depth]
  if (segment === undefined) return value
  const last = depth === path.length - 1
  const inner = (item: Value): Value => unsetIn(item, path, depth + 1, [...stack, item])
  if (segment.kind === 'select') {
    if (!isList(value)) return value
    const hit = (item: Value, index: number): boolean => isTruthy(segment.select(item, index, value, [...stack, item]))
    return last ? value.filter((item, index) => !hit(item, index)) : value.map((item, index) => (hit(item, index) ? inner(item) : item))
  }
  if (isList(value)) {
    if (segment.index === null) return value.map((item) => unsetIn(item, path, depth, stack))
    const index = segment.index < 0 ? value.length + segment.index : segment.index
    const old = value[index]
    if (old === undefined) return value
    return last ? value.toSpliced(index, 1) : value.with(index, inner(old))
  }
  if (!isObj(value)) return value
  const old = value.get(segment.name)
  if (old === undefined) return value
  const out: Obj = new Map(value)
  if (last) out.delete(segment.name)
  else out.set(segment.name, inner(old))
  return out
}
