/** Laws every value filter of these families keeps, whatever it is given. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AppError } from '../../src/errors.js'
import { WholeDecimal } from '../../src/lib/value.js'
import { filters, testContext } from './apply.js'
import { anyValue, copyOf, isValue } from './generated-values.js'

// biome-ignore format: a table
const delicate = fc.constantFrom('now', '+1 month', '1e999', 'UTC', 'a=1&b[]=2&__proto__[x]=1', '{"__proto__":{"x":1}}', 'a: *b', '<a/>', 'a,b\n"1', 'aes-256-cbc', 'A256KW', 'A256GCM', 'HS256', 'eyJhbGciOiJIUzI1NiJ9.e30.x', 'http://u:p@h:1/?a=1#b', 'Y-m-d', 36, 8.64e15, 9007199254740992)
const operand = fc.oneof({ weight: 2, arbitrary: anyValue }, { weight: 1, arbitrary: delicate })
const args = fc.array(operand, { maxLength: 5 })

describe.each(filters.map((filter) => [filter.name, filter] as const))('%s', (_name, filter) => {
  it('gives a value or an AppError and leaves its operands alone', () => {
    fc.assert(
      fc.property(operand, args, (input, given) => {
        const before = copyOf([input, ...given])
        try {
          expect(isValue(filter.apply(input, given, testContext()))).toBe(true)
        } catch (error) {
          if (!(error instanceof AppError)) throw error
          expect(error.kind).toBe('fatal')
        }
        expect([input, ...given]).toStrictEqual(before)
        expect(Object.keys(Object.prototype)).toEqual([])
      }),
      { numRuns: 150 },
    )
  })

  it('shares no structure with its operands when it says so', () => {
    if (!filter.scalar) return
    fc.assert(
      fc.property(operand, args, (input, given) => {
        const owned = new Set<unknown>()
        const collect = (value: unknown, into: (container: unknown) => void): void => {
          if (typeof value !== 'object' || value === null || value instanceof WholeDecimal) return
          into(value)
          if (value instanceof Map) for (const member of value.values()) collect(member, into)
          if (Array.isArray(value)) for (const member of value) collect(member, into)
        }
        collect([input, ...given], (container) => owned.add(container))
        try {
          collect(filter.apply(input, given, testContext()), (container) => expect(owned.has(container)).toBe(false))
        } catch (error) {
          if (!(error instanceof AppError)) throw error
        }
      }),
      { numRuns: 60 },
    )
  })

  it('describes itself', () => {
    expect(filter.summary).toMatch(/^[A-Z].*\.$/)
    expect(filter.cases.length).toBeGreaterThan(0)
  })
})

it('names are unique', () => {
  const names = filters.flatMap((filter) => [filter.name, ...(filter.aliases ?? [])])
  expect(new Set(names).size).toBe(names.length)
})
