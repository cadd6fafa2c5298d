import { describe, expect, it } from 'vitest'
import { didYouMean, editDistance, suggest } from '../../src/lang/suggest.js'

describe('editDistance', () => {
  it.each([
    ['abc', 'abc', 0],
    ['abc', 'acb', 1],
    ['abc', 'abcd', 1],
    ['abc', 'xbc', 1],
    ['ca', 'abc', 3],
    ['', 'ab', 2],
  ])('%s → %s is %i', (a, b, distance) => {
    expect(editDistance(a, b, 5)).toBe(distance)
  })

  it('stops at the limit, also for very long names', () => {
    expect(editDistance('a'.repeat(100_000), 'b', 3)).toBe(4)
    expect(editDistance('aaaaaaaa', 'bbbbbbbb', 2)).toBe(3)
  })
})

describe('suggest', () => {
  const names = ['db.query', 'db.get', 'foreach', 'to_lower', 'trim']
  it.each([
    ['db.qurey', 'db.query'],
    ['db.querry', 'db.query'],
    ['DB.Query', 'db.query'],
    ['forech', 'foreach'],
    ['toLower', 'to_lower'],
    ['query.db', 'db.query'],
    ['xyz', undefined],
    ['', undefined],
    ['db', undefined],
  ])('%s → %s', (name, expected) => {
    expect(suggest(name, names)).toBe(expected)
  })

  it('makes a sentence', () => {
    expect(didYouMean('trin', names)).toBe('Did you mean `trim`?')
    expect(didYouMean('nothing like it', names)).toBeUndefined()
  })
})
