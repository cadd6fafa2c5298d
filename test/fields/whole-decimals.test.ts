/** Every type of column and input takes 5.0 as 5: the same value, the same refusal, the same parameter for Postgres. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { columnCodec } from '../../src/fields/column-codec.js'
import { type FieldType, Invalid } from '../../src/fields/field-type.js'
import { fieldTypes } from '../../src/fields/index.js'
import { findInputFilter } from '../../src/fields/input-filters.js'
import { decimalOf, isDecimal, obj, toPlain, type Value } from '../../src/lib/value.js'
import { anyValue } from '../filters/generated-values.js'
import { asDecimals, asSent, withoutMinusZero } from '../helpers/decimals.js'

const place = fc.tuple(fc.integer({ min: -90, max: 90 }), fc.integer({ min: -180, max: 180 })).map(([lat, lng]) => {
  const members: [string, Value][] = [
    ['lat', lat],
    ['lng', lng],
  ]
  return obj([
    ['type', 'point'],
    ['data', obj(members)],
  ])
})
const given = fc.oneof(anyValue, fc.integer({ min: -2, max: 3 }), fc.array(fc.integer({ min: 0, max: 9 })), place, fc.constant(1_700_000_000_000))

/** What becomes of a value: as it is sent, and as it is bound; or why it is refused. */
function outcome(type: FieldType, value: Value): unknown {
  const coerced = type.coerce(value, { name: 'x', now: 0, program: true }, { values: ['1', '5'] })
  if (coerced instanceof Invalid) return coerced
  const codec = type.column === undefined ? null : columnCodec(type, false)
  return [toPlain(coerced), codec?.encode(coerced), codec?.encodeJson(coerced)]
}

describe.each(fieldTypes.map((type) => [type.name, type] as const))('%s', (_, type) => {
  it('takes decimals without a fraction as their numbers', () => {
    fc.assert(
      fc.property(given.filter((value) => value !== null).map(withoutMinusZero), (value) => {
        const expected = outcome(type, asSent(value))
        expect(outcome(type, asDecimals(value))).toEqual(expected)
        expect(outcome(type, value)).toEqual(expected)
      }),
      { numRuns: 300 },
    )
  })
})

describe('decimal', () => {
  const type = fieldTypes.find(({ name }) => name === 'decimal') as FieldType
  it('is a decimal from a caller and from a column, and bound as a number', () => {
    const codec = columnCodec(type, false)
    for (const value of [
      type.coerce(5, { name: 'x', now: 0 }, {}),
      type.coerce('5', { name: 'x', now: 0 }, {}),
      codec.decode(5),
      codec.decode('5'),
      type.empty,
    ])
      expect(isDecimal(value)).toBe(true)
    expect(codec.encode(decimalOf(5))).toBe(5)
    expect(columnCodec(type, true).decode([5, 2.5])).toEqual([decimalOf(5), 2.5])
  })

  it('keeps its bounds', () => {
    const least = findInputFilter('min')?.compile?.(['3'], '')
    expect(least?.(decimalOf(3))).toEqual(decimalOf(3))
    expect(least?.(decimalOf(2))).toBeInstanceOf(Invalid)
  })
})
