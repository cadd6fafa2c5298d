/** No pattern and no text holds the event loop: searches that would take long end with an error that says what to do. */
import { describe, expect, it } from 'vitest'
import { inputFilters } from '../../src/fields/input-filters.js'
import { numericOf, toBool, toDecimal } from '../../src/runtime/convert.js'
import { evaluate } from './evaluate.js'

const tooLong = expect.objectContaining({ kind: 'fatal', errorName: 'LimitError', message: expect.stringContaining('too long for this pattern') })

describe('a search', () => {
  it.each(['regex_matches:$$', 'regex_get_first_match:$$', 'regex_get_all_matches:$$', 'regex_replace:"":$$'])(
    'of a large pattern over a large text is refused before it starts: %s',
    (filter) => {
      expect(() => evaluate(`[""|pad_end:200000:"a"]|map:("/(?:[a-c]{1,30}){1,30}x[0-9]/"|${filter})`)).toThrow(tooLong)
    },
  )

  it('that looks to the end of the text for every match is ended', () => {
    expect(() => evaluate('"/a(.*[0-9])?/"|regex_get_all_matches:(""|pad_end:40000:"a")')).toThrow(tooLong)
    expect(() => evaluate('"/a(.*[0-9])?/"|regex_replace:"":(""|pad_end:40000:"a")')).toThrow(tooLong)
  }, 20_000)

  it('of a plain pattern runs over 200 KB', () => {
    expect(evaluate('("/a+/"|regex_replace:"b":(""|pad_end:200000:"aaaaaaaaab"))|strlen')).toBe(40_000)
  })

  it('of an input filter is bounded too', () => {
    const judge = inputFilters.find(({ name }) => name === 'pattern')?.compile?.(['^(?:[a-c]{1,30}){1,30}$'], '')
    expect(judge?.('abc')).toBe('abc')
    expect(judge?.('a'.repeat(100_000))).toMatchObject({ message: 'Input is too long for its pattern' })
  })
})

describe('deep texts', () => {
  // Every level is a call: near the end of the native stack the process itself would end.
  it.each(['"[1"|pad_start:20000:"["', '"- x"|pad_start:20000:"- "', '"{"|pad_start:20000:"{a: "'])('are refused as YAML: %s', (text) => {
    expect(() => evaluate(`(${text})|yaml_decode`)).toThrow(expect.objectContaining({ kind: 'fatal', errorName: 'LimitError' }))
  })

  it('are refused as JSON with keys of its own order', () => {
    expect(() => evaluate(`('{"1":' ~ (""|pad_end:5000:"[") ~ (""|pad_end:5000:"]") ~ "}")|json_decode`)).toThrow('Error parsing JSON: Nested too deeply')
  })
})

describe('numbers in text', () => {
  // With two ways to read a run of digits these took minutes.
  it('are told in linear time', () => {
    const digits = '1'.repeat(500_000)
    expect(numericOf(`${digits}x`)).toBeNull()
    expect(numericOf(`${' '.repeat(500_000)}x`)).toBeNull()
    expect(toDecimal(`1.${digits}x`)).toBeCloseTo(1.11111)
    expect(toBool(`${' '.repeat(500_000)}x`)).toBe(true)
  })
})
