/** What a builder reads when a filter cannot do its work. */
import { describe, expect, it } from 'vitest'
import { growth } from '../helpers/growth.js'
import { createRun, evaluate } from './evaluate.js'

describe('wrong types', () => {
  it.each([
    ['[1]|strlen', 'Filter "strlen" expects text, not a list.'],
    ['{a:1}|replace:"a":"b"', 'Filter "replace" expects text, not an object.'],
    ['null|first', 'Filter "first" expects a list, not null.'],
    ['"x"|push:1', 'Filter "push" expects a list, not text.'],
    ['"x"|count', 'Filter "count" expects a list or an object, not text.'],
    ['1|set:"a":1', 'Filter "set" expects an object or a list, not an int.'],
    ['1.5|keys', 'Filter "keys" expects a list or an object, not a decimal.'],
    ['true|odd', 'Filter "odd" expects a number, not a bool.'],
    ['"abc"|substr:"x"', 'Argument "start" of filter "substr" expects a number, not text.'],
    ['[1]|pick:["a"]', 'Filter "pick" expects an object, not an int.'],
    ['1|map:$$', 'Filter "map" expects a list or an object, not an int.'],
  ])('%s', (source, message) => {
    expect(() => evaluate(source)).toThrow(expect.objectContaining({ kind: 'fatal', message }))
  })
})

describe('wrong arguments', () => {
  it.each([
    ['[1]|sort:"":"numbr"', 'does not know the type "numbr"', 'Did you mean `number`?'],
    ['[1]|sort:"":"int":"up"', 'does not know the direction "up"', 'desc'],
    ['"x"|convert_encoding:"UFT-8":"UTF-8"', 'does not know the encoding "UFT-8"', 'Did you mean `UTF-8`?'],
    ['"%q"|sprintf:1', 'does not know "%q"', '%%'],
    ['"%s %s"|sprintf:1', 'has no value for "%s": 1 given', ''],
    ['["a"]|create_object:[1,2]', 'got 1 keys and 2 values', 'one value for each key'],
    ['[1]|array_set:-5:1', '5', ''],
    ['[{k:1}]|array_find:{k:2}', 'found no such element', '|find'],
    ['"/[/"|regex_matches:"a"', 'invalid pattern', 'linear time'],
    ['"/(?=a)/"|regex_matches:"a"', 'invalid pattern', 'lookahead'],
    ['{a:[1]}|get:"a[$$ >]"', 'Invalid selector', ''],
  ])('%s', (source, message, hint) => {
    expect(() => evaluate(source)).toThrow(
      expect.objectContaining({ kind: 'fatal', message: expect.stringContaining(message), hint: expect.stringContaining(hint) }),
    )
  })
})

describe('bounds', () => {
  it.each([
    '|range:1:1000000000',
    '"x"|fill:0:1000000000',
    '"x"|fill:1000000000:1',
    '"x"|pad_start:1000000000',
    '"%99999999d"|sprintf:1',
    '|range:1:400000|map:$$',
  ])('%s', (source) => {
    expect(() => evaluate(source, createRun(500_000))).toThrow(expect.objectContaining({ kind: 'fatal', errorName: 'LimitError' }))
  })

  it('refuses values nested without end', () => {
    let deep = '1'
    for (let level = 0; level < 60; level++) deep = `[${deep}]`
    const nest = (times: number): string => `(|range:1:${times})|reduce:([]|push:$result):0`
    expect(evaluate(`[${deep}]|unique|count`)).toBe(1)
    expect(() => evaluate(`[${nest(2000)}]|unique`)).toThrow(expect.objectContaining({ kind: 'fatal' }))
    expect(evaluate(`${nest(2000)}|flatten`)).toStrictEqual([0])
  })

  it('matches patterns that others take exponential time for', async () => {
    const match = (length: number) => () => expect(evaluate(`"/^(a+)+$/"|regex_matches:("!"|pad_start:${length}:"a")`)).toBe(false)
    expect(await growth(match(5_000), match(20_000))).toBeLessThan(10)
  })
})
