import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fromPlain, isList, isObj, type Json, toPlain, type Value } from '../../src/lib/value.js'
import { getPath, setPath } from '../../src/runtime/path.js'
import { growth } from '../helpers/growth.js'
import { run } from './harness.js'

/** A small language that shares and changes values, written twice: as XanoScript, and as an interpreter that copies everything always. */
interface Operation {
  text: string
  apply(state: Map<string, Value>): void
}

const copy = (value: Value): Value => fromPlain(toPlain(value))
const names = ['a', 'b', 'c'] as const
const keys = ['', '.k', '.m', '.0', '.1', '.k.m'] as const
const name = fc.constantFrom(...names)
const place = fc.tuple(name, fc.constantFrom(...keys))

interface Term {
  text: string
  value(state: Map<string, Value>): Value
}

const read = (state: Map<string, Value>, variable: string, path: string): Value => {
  const root = state.get(variable) ?? null
  return copy(path === '' ? root : (getPath(root, path.slice(1)) ?? null))
}

const leaf: fc.Arbitrary<Term> = fc.oneof(
  fc.integer({ min: 0, max: 9 }).map((n): Term => ({ text: String(n), value: () => n })),
  place.map(([variable, path]): Term => ({ text: `$${variable}${path}`, value: (state) => read(state, variable, path) })),
)
const term: fc.Arbitrary<Term> = fc.oneof(
  { weight: 3, arbitrary: leaf },
  fc.tuple(leaf, leaf).map(([x, y]): Term => ({ text: `[${x.text}, ${y.text}]`, value: (state) => [x.value(state), y.value(state)] })),
  leaf.map((x): Term => ({ text: `{k: ${x.text}}`, value: (state) => new Map([['k', x.value(state)]]) })),
  leaf.map((x): Term => ({ text: `(${x.text} ?? 1)`, value: (state) => x.value(state) ?? 1 })),
  fc
    .tuple(leaf, leaf)
    .map(([x, y]): Term => ({ text: `(${x.text} ? ${y.text} : ${x.text})`, value: (state) => (truthy(x.value(state)) ? y : x).value(state) })),
  leaf.map((x): Term => ({ text: `(${x.text}|safe_array|reverse)`, value: (state) => safeArray(x.value(state)).reverse() })),
  leaf.map((x): Term => ({ text: `(${x.text}|safe_array|map:$$)`, value: (state) => safeArray(x.value(state)) })),
  fc.tuple(leaf, leaf).map(
    ([x, y]): Term => ({
      text: `(${x.text}|safe_array|map:[$$, ${y.text}])`,
      value: (state) => safeArray(x.value(state)).map((item) => [item, y.value(state)]),
    }),
  ),
  leaf.map((x): Term => ({ text: `(${x.text}|safe_array|last)`, value: (state) => safeArray(x.value(state)).at(-1) ?? null })),
)
const truthy = (value: Value): boolean => (isList(value) ? value.length > 0 : isObj(value) ? value.size > 0 : Boolean(value))
const safeArray = (value: Value): Value[] => (isList(value) ? value : value === null ? [] : [value])

const write = (state: Map<string, Value>, variable: string, path: string, value: Value): void => {
  if (path === '') state.set(variable, copy(value))
  else state.set(variable, copy(setPath(state.get(variable) ?? null, path.slice(1), copy(value))))
}

/** Whether a path goes by name through a list. */
const namesEveryElement = (state: Map<string, Value>, variable: string, path: string): boolean =>
  path
    .split('.')
    .slice(1)
    .some((key, i, steps) => {
      const before = read(state, variable, ['', ...steps.slice(0, i)].join('.'))
      return isList(before) && before.length > 0 && !/^\d+$/.test(key)
    })

const change = (text: string, at: readonly [string, string], apply: (list: Value[], state: Map<string, Value>) => void): Operation => ({
  text,
  apply(state) {
    if (namesEveryElement(state, ...at)) throw new Error('not one place')
    const list = read(state, ...at) ?? []
    if (!isList(list)) throw new Error('not a list')
    apply(list, state)
    write(state, ...at, list)
  },
})

const operation: fc.Arbitrary<Operation> = fc.oneof(
  fc.tuple(name, term).map(([to, x]): Operation => ({ text: `var $${to} { value = ${x.text} }`, apply: (state) => write(state, to, '', x.value(state)) })),
  fc
    .tuple(place, term)
    .map(
      ([[to, path], x]): Operation => ({ text: `var.update $${to}${path} { value = ${x.text} }`, apply: (state) => write(state, to, path, x.value(state)) }),
    ),
  fc.tuple(place, term).map(([at, x]): Operation => {
    let value: Value
    const push = change(`array.push $${at.join('')} { value = ${x.text} }`, at, (list) => void list.push(copy(value)))
    return {
      text: push.text,
      apply(state) {
        value = x.value(state)
        push.apply(state)
      },
    }
  }),
  fc
    .tuple(name, name)
    .map(([from, to]): Operation => change(`array.pop $${from} as $${to}`, [from, ''], () => {}))
    .map(
      (pop): Operation => ({
        text: pop.text,
        apply(state) {
          const [, from = '', to = ''] = /\$(\w) as \$(\w)/.exec(pop.text) ?? []
          const list = read(state, from, '') ?? []
          if (!isList(list)) throw new Error('not a list')
          const last = list.pop() ?? null
          state.set(from, list)
          state.set(to, copy(last))
        },
      }),
    ),
  fc.tuple(name, term).map(
    ([to, x]): Operation => ({
      text: `var $${to} { value = $${to}|push:${x.text} }`,
      apply(state) {
        const value = x.value(state)
        const list = read(state, to, '')
        if (!isList(list)) throw new Error('not a list')
        state.set(to, [...list, copy(value)])
      },
    }),
  ),
  fc.tuple(name, term).map(
    ([to, x]): Operation => ({
      text: `var $${to} { value = $${to}|set:"k":${x.text} }`,
      apply(state) {
        const value = x.value(state)
        const old = read(state, to, '')
        if (!isList(old) && !isObj(old) && old !== null) throw new Error('not an object')
        state.set(to, setPath(old, 'k', copy(value)))
      },
    }),
  ),
  fc.tuple(name, name).map(
    ([from, to]): Operation => ({
      text: `foreach ($${from}|safe_array) {\n each as $item {\n array.push $${to} { value = $item }\n }\n}`,
      apply(state) {
        const items = safeArray(read(state, from, ''))
        for (const item of items) {
          const list = read(state, to, '') ?? []
          if (!isList(list)) throw new Error('not a list')
          list.push(copy(item))
          state.set(to, list)
        }
      },
    }),
  ),
)

const initial = { a: [1, [2, 3]], b: { k: [4], m: { m: 5 } }, c: null }

describe('ownership', () => {
  it('never shows that values are shared', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { minLength: 1, maxLength: 25 }), async (operations) => {
        const state = new Map<string, Value>(Object.entries(initial).map(([key, value]) => [key, fromPlain(value)]))
        const expected: Json[] = []
        const show = (): Json => Object.fromEntries(names.map((variable) => [variable, toPlain(copy(state.get(variable) ?? null))]))
        for (const { apply } of operations) {
          try {
            apply(state)
          } catch {
            // The program catches the same error.
          }
          expected.push(show())
        }
        const body = operations.map(({ text }) => `try_catch {\n try {\n ${text}\n }\n catch {\n }\n}\narray.push $seen { value = {a: $a, b: $b, c: $c} }`)
        const text = `function "f" {\n input {\n }\n stack {\n var $seen { value = [] }\n var $a { value = [1, [2, 3]] }\n var $b { value = {k: [4], m: {m: 5}} }\n var $c { value = null }\n${body.join('\n')}\n }\n response = $seen\n}`
        const found = await run(text)
        expect(found, text).toEqual(expected)
      }),
      { numRuns: 400 },
    )
  })

  it('gives back a list that was returned before it changed', async () => {
    const text = (change: string): string =>
      `function "f" {\n input {\n }\n stack {\n var $a { value = [1] }\n array.push $a { value = 2 }\n var $b { value = $a }\n ${change}\n }\n response = {a: $a, b: $b}\n}`
    expect(await run(text('array.push $a { value = 3 }'))).toEqual({ a: [1, 2, 3], b: [1, 2] })
    expect(await run(text('array.push $b { value = 3 }'))).toEqual({ a: [1, 2], b: [1, 2, 3] })
  })

  it('pushes in constant time while nobody else looks', async () => {
    const loop = (turns: number, inner: string): string =>
      `function "f" {\n input {\n }\n stack {\n var $a { value = [] }\n for (${turns}) {\n each as $i {\n ${inner}\n }\n }\n }\n response = $a|count\n}`
    const push = (turns: number) => async () => {
      expect(await run(loop(turns, 'array.push $a { value = {i: $i, n: $a|count} }'))).toBe(turns)
      expect(await run(loop(turns, 'var $a { value = $a|push:$i }'))).toBe(turns)
    }
    expect(await growth(push(20_000), push(200_000))).toBeLessThan(35)
  })
})
