import { describe, expect, it } from 'vitest'
import { decimalOf, fromPlain, type Json, obj, toPlain, type Value } from '../../src/lib/value.js'
import { getPath, hasPath, setPath, setPathOwned, unsetPath } from '../../src/runtime/path.js'

const data = fromPlain({ a: { b: [10, { c: 1 }] }, items: [{ id: 1, tags: ['x'] }, { id: 2, tags: ['y', 'z'] }, {}], 'a.b': 'dotted', n: null, '7': 'seven' })
const plain = (value: Value | undefined): Json | undefined => (value === undefined ? undefined : toPlain(value))

describe('paths', () => {
  it('takes a decimal without a fraction as an index or a key', () => {
    const [list, seven] = [fromPlain([10, 20]), decimalOf(7)]
    expect([getPath(list, decimalOf(1)), getPath(data, seven), hasPath(list, decimalOf(2))]).toEqual([20, 'seven', false])
    expect([plain(setPath(list, decimalOf(0), 1)), plain(unsetPath(list, decimalOf(0)))]).toEqual([[1, 20], [20]])
  })

  it.each([
    ['a.b.0', 10],
    ['a.b[1].c', 1],
    ['a.b[-1].c', 1],
    ['a."b".0', 10],
    ["a['b'][0]", 10],
    ['a.b', 'dotted'],
    ['items.id', [1, 2, null]],
    ['items.tags', ['x', 'y', 'z', null]],
    ['items.1.tags.0', 'y'],
    ['n', null],
    ['7', 'seven'],
    ['missing', undefined],
    ['a.missing.deep', undefined],
    ['a.b.9', undefined],
    ['items.nothing', undefined],
    ['__proto__', undefined],
    ['constructor.prototype', undefined],
  ])('get %s', (path, expected) => {
    expect(plain(getPath(data, path))).toEqual(expected)
    expect(hasPath(data, path)).toBe(expected !== undefined)
  })

  it('set makes what is missing and leaves the original alone', () => {
    const before = toPlain(data)
    expect(toPlain(setPath(data, 'x.y.z', 1))).toMatchObject({ x: { y: { z: 1 } } })
    expect(toPlain(setPath(fromPlain([1, 2]), 2, 3))).toEqual([1, 2, 3])
    expect(toPlain(setPath(fromPlain([1, 2]), -1, 3))).toEqual([1, 3])
    expect(toPlain(setPath(fromPlain([]), 2, 'c'))).toEqual([null, null, 'c'])
    expect(toPlain(setPath(null, 'a', 1))).toEqual({ a: 1 })
    expect(toPlain(setPath(data, 'items.id', (old) => Number(old) + 1))).toMatchObject({ items: [{ id: 2 }, { id: 3 }, { id: 1 }] })
    expect(toPlain(setPath(obj(), '', 1))).toEqual({ '': 1 })
    expect(toPlain(setPath(obj(), '[1,2]', 1))).toEqual({ '[1,2]': 1 })
    expect(() => setPath(fromPlain({ a: 'text' }), 'a.b', 1)).toThrow('not an object')
    expect(() => setPath(fromPlain([1]), -5, 1)).toThrow('outside a list')
    expect(() => setPath(fromPlain([1]), 900_000_000, 1)).toThrow('outside a list')
    expect(toPlain(data)).toEqual(before)
    expect(setPath(data, '__proto__.polluted', 1)).toBeInstanceOf(Map)
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })

  it('setPathOwned gives what setPath gives', () => {
    const paths: Value[] = ['a.b', 'a.b.0', 'x.y', 'items.id', 'items.0.id', '', '7', 'items']
    for (const path of paths) {
      const own = new Map(data as Map<string, Value>)
      expect(toPlain(setPathOwned(own, path, 1))).toEqual(toPlain(setPath(data, path, 1)))
    }
    const list = fromPlain([1, 2]) as Value[]
    expect(setPathOwned(list, 3, 'x')).toBe(list)
    // The new value is computed before the list grows, so a failure leaves it as it was.
    const untouched: Value[] = [1]
    const fails = (): never => {
      throw new Error('no value')
    }
    expect(() => setPathOwned(untouched, 4, fails)).toThrow('no value')
    expect(untouched).toEqual([1])
    expect(setPathOwned(untouched, 3, (_old, _index, parent) => (parent as Value[]).length)).toEqual([1, null, null, 1])
    expect(list).toEqual([1, 2, null, 'x'])
  })

  it('unset removes, and missing is no error', () => {
    expect(toPlain(unsetPath(data, 'a.b'))).not.toHaveProperty(['a.b'])
    expect(toPlain(unsetPath(data, 'items.id'))).toMatchObject({ items: [{ tags: ['x'] }, { tags: ['y', 'z'] }, {}] })
    expect(toPlain(unsetPath(fromPlain([1, 2, 3]), 1))).toEqual([1, 3])
    expect(unsetPath(data, 'no.such')).toBe(data)
    expect(unsetPath('text', 'a')).toBe('text')
  })
})
