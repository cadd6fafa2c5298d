import { describe, expect, it } from 'vitest'
import type { Json } from '../../src/lib/value.js'
import { createRun, evaluate, fixedNow, stack } from './harness.js'

const setup = `
var $n { value = 5 }
var $text { value = "abc" }
var $nothing { value = null }
var $list { value = [10, 20, 30] }
var $rows { value = [{id: 1, tags: ["a"]}, {id: 2, tags: ["b", "c"]}, {id: 3}] }
var $user { value = {name: "Ann", address: {city: "Oslo"}, "two words": 2, "10": "ten"} }`

const cases: readonly (readonly [expression: string, value: Json])[] = [
  // arithmetic
  ['1 + 2 * 3', 7],
  ['(1 + 2) * 3', 9],
  ['7 - 2 - 1', 4],
  ['-2 * 3', -6],
  ['10 / 4', 2.5],
  ['10 / 5', 2],
  ['(6 / 3) ~ ""', '2'],
  ['$list[(4 / 2)]', 30],
  ['-7 % 3', -1],
  ['7 % 3', 1],
  ['"5" + 3', 8],
  ['"1.5" * "2"', 3],
  ['-$n', -5],
  ['0.1 + 0.2', 0.3],
  ['5.0', 5],
  // text
  ['"a" ~ 1 ~ true ~ null ~ false', 'a1truefalse'],
  ['"x" ~ [1, "b"]', 'x[1,"b"]'],
  ['{a: 1} ~ ""', '{"a":1}'],
  ['[1] ~ [2]', '[1][2]'],
  ['1 + 2 ~ "3"', '33'],
  // comparison
  ['1 == "1"', true],
  ['1 === "1"', false],
  ['1 !== "1"', true],
  ['"01" == "1"', false],
  ['null == 0', false],
  ['null == ""', false],
  ['null == false', false],
  ['null == null', true],
  ['true == 1', true],
  ['true == "true"', true],
  ['false == 0', true],
  ['[1, "2"] == ["1", 2]', true],
  ['[1] === ["1"]', false],
  ['{a: 1, b: 2} == {b: 2, a: 1}', true],
  ['{a: 1} == {a: 1, b: null}', false],
  ['[] == {}', false],
  ['"10" > "9"', true],
  ['"b" > "a"', true],
  ['"10" > "9a"', false],
  ['null < 1', true],
  ['null >= 0', true],
  ['null < "a"', true],
  ['"2025-01-02" > "2025-01-01"', true],
  ['"é" > "z"', true],
  // logic
  ['true && 1', true],
  ['true && 0', false],
  ['0 || "x"', 'x'],
  ['"" || 0', 0],
  ['"a" || "b"', 'a'],
  ['false || true && false', false],
  ['true || false && false', true],
  ['!$nothing', true],
  ['!"0"', true],
  ['!([])', true],
  ['!"a"', false],
  ['null ?? 1', 1],
  ['0 ?? 1', 0],
  ['$missing ?? "d"', 'd'],
  ['$missing.a.b ?? "d"', 'd'],
  ['$input.nope ?? "d"', 'd'],
  ['$user.name ?? "d"', 'Ann'],
  ['$n > 3 ? "big" : "small"', 'big'],
  ['$n > 9 ? "big" : $n > 4 ? "mid" : "small"', 'mid'],
  ['"" ?: "x"', 'x'],
  ['"y" ?: "x"', 'y'],
  // ranges
  ['(1..4)', [1, 2, 3, 4]],
  ['(3..1)', [3, 2, 1]],
  ['(0..0)', [0]],
  ['(1..$n - 2)', [1, 2, 3]],
  // paths
  ['$user.name', 'Ann'],
  ['$var.user.name', 'Ann'],
  ['$user.address.city', 'Oslo'],
  ['$user.nope', null],
  ['$user.nope.deeper', null],
  ['$nothing.a', null],
  ['$n.a', null],
  ['$user["two words"]', 2],
  ['$user."two words"', 2],
  ['$user[$text]', null],
  ['$user[10]', 'ten'],
  ['$list[0]', 10],
  ['$list.1', 20],
  ['$list[-1]', 30],
  ['$list[9]', null],
  ['$list["1"]', 20],
  ['$list[1.7]', 20],
  ['$text[1]', 'b'],
  ['$text[9]', null],
  ['$rows.id', [1, 2, 3]],
  ['$rows.tags', ['a', 'b', 'c', null]],
  ['$rows[$$.id > 1].id', [2, 3]],
  ['$rows[0].tags[0]', 'a'],
  // literals
  ['[1, 2,]', [1, 2]],
  ['[...[1, 2], 3]', [1, 2, 3]],
  ['{...{a: 1, b: 2}, b: 3}', { a: 1, b: 3 }],
  ['{($text): 1}', { abc: 1 }],
  ['!int "5"', 5],
  ['!array "[1,2]"', [1, 2]],
  ['!timestamp "2025-01-01 00:00:00+0000"', 1735689600000],
  ['now', fixedNow],
  ['`1 + 1`', 2],
  // filters
  ['$list|count', 3],
  ['($list|count) > 2', true],
  ['"  a "|trim|to_upper', 'A'],
  ['$list|get:$n - 4', 20],
  ['$list|get:9:"none"', 'none'],
  ['$missing|get:"a":1', 1],
  ['[3, 1, 2]|!sort', [3, 1, 2]],
  ['$list|map:$$ / 10', [1, 2, 3]],
  ['$list|map:$$ + $index', [10, 21, 32]],
  ['$list|map:$$ + ($parent|count)', [13, 23, 33]],
  ['[[1, 2], [3]]|map:($$|map:$$ * 2)', [[2, 4], [6]]],
  ['[[1, 2], [3]]|map:($$|map:($0|count))', [[2, 2], [1]]],
  ['[[1, 2], [3]]|map:($$|map:$[-1])', [[1, 2], [3]]],
  ['$list|filter:$$ > $n * 3', [20, 30]],
  ['$list|reduce:$$ + $result:0', 60],
  ['$rows|filter:($$.tags|count) > 0|count', 2],
  ['$rows|find:$$.id == 2|get:"tags.0"', 'b'],
  ['{items: [{id: 1}, {id: 2}]}|set:"items.id":$$ + 1', { items: [{ id: 2 }, { id: 3 }] }],
  ['[{a: 1}]|map:($$|set:"b":$$.a + 1)', [{ a: 1, b: 2 }]],
  ['$rows|get:"[$$.id > 1].id"', [2, 3]],
  ['{}|set:"[1,2]":1|get:"[1,2]"', 1],
  ['[]|set:2:"c"', [null, null, 'c']],
  ['"abc"|as:whole|substr:0:1|concat:$whole', 'aabc'],
  ['{value: [1, 2]}|transform:$$.value * 2', [2, 4]],
  // environment
  ['$env.SECRET', 's3cret'],
  ['$env.NOPE', null],
  ['$env.$remote_ip', '203.0.113.7'],
  ['$env.$http_headers|get:"Host"', 'example.test'],
  ['$env.$datasource', 'live'],
  ['$auth.id', 0],
  ['$auth.extras', {}],
  ['$auth.extras.role', null],
]

const failures: readonly (readonly [expression: string, message: string])[] = [
  ['null + 1', 'Not numeric.'],
  ['"now" - 1', 'Not numeric.'],
  ['true + 1', 'Not numeric.'],
  ['[1] * 2', 'Not numeric.'],
  ['1 / 0', 'Division by zero.'],
  ['1 % 0', 'Division by zero.'],
  ['$missing', 'Missing var entry: missing'],
  ['$missing.a', 'Missing var entry: missing'],
  ['$this', 'Missing var entry: this'],
  ['$input.nope', 'Unable to locate input: nope'],
  ['1 in [1]', 'Invalid op: in'],
  ['"a" like "b"', 'Invalid op: like'],
  ['1 between 0:2', 'Invalid op: between'],
  ['1 ==? 2', 'Invalid op: ==?'],
  ['(1..20000000)', 'A range of 20000000 elements is too long.'],
]

describe('expressions', () => {
  it.each(cases)('%s', async (expression, value) => expect(await evaluate(expression, setup)).toEqual(value))
  it.each(failures)(
    '%s fails',
    async (expression, message) => await expect(evaluate(expression, setup)).rejects.toMatchObject({ code: 'ERROR_FATAL', message }),
  )

  it('keeps the order of keys, numeric ones too, and never reaches a prototype', async () => {
    const run = createRun()
    const text = await stack('var $o { value = {b: 1, "2": 2, "1": 3, "__proto__": 4}|set:"0":5 }', '$o|json_encode', { run })
    expect(text).toBe('{"b":1,"2":2,"1":3,"__proto__":4,"0":5}')
    expect(Object.prototype).not.toHaveProperty('0')
  })

  it('evaluates only the operand it needs', async () => {
    expect(await evaluate('true || $missing')).toBe(true)
    expect(await evaluate('false && $missing')).toBe(false)
    expect(await evaluate('1 ?? $missing')).toBe(1)
    expect(await evaluate('true ? 1 : $missing')).toBe(1)
  })

  it('turns an expression that overflows the stack into an error', async () => {
    const deep = `var $x { value = 0 }\nfor (30000) {\n each as $i {\n var $x { value = {a: $x} }\n }\n}`
    await expect(stack(deep, '($x == $x.a)')).rejects.toMatchObject({ code: 'ERROR_FATAL', message: 'An expression or a value is nested too deeply.' })
    await expect(stack(deep, '($x|json_encode)')).rejects.toMatchObject({ code: 'ERROR_FATAL' })
  })
})
