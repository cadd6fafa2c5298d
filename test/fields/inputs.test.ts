import { describe, expect, it } from 'vitest'
import { AppError } from '../../src/errors.js'
import { compileInputs, describeInputs, expandLinks, type InputOptions, toOpenApi } from '../../src/fields/inputs.js'
import { openGrammar } from '../../src/lang/grammar.js'
import { parseDocument } from '../../src/lang/parser.js'
import { Source } from '../../src/lang/source.js'
import type { Field } from '../../src/lang/tree.js'
import { fromPlain, type Obj, toPlain } from '../../src/lib/value.js'
import { growth } from '../helpers/growth.js'

const now = Date.UTC(2026, 0, 15, 12)

function fieldsOf(text: string): Field[] {
  const { definition, problems } = parseDocument(new Source('f', `function "f" {\n  input {\n    ${text}\n  }\n  stack\n  response = null\n}`), openGrammar)
  if (definition?.input === undefined) throw new Error(JSON.stringify(problems))
  return definition.input
}

const read = (text: string, raw: object, options?: InputOptions): unknown => toPlain(compileInputs(fieldsOf(text), options)(fromPlain(raw) as Obj, { now }))
function fail(text: string, raw: object): unknown {
  try {
    read(text, raw)
  } catch (error) {
    if (error instanceof AppError) return [error.status, error.code, error.message, error.payload]
    throw error
  }
  throw new Error('accepted')
}
const refusal = (message: string, param = 'a'): unknown => [400, 'ERROR_CODE_INPUT_ERROR', message, { param }]

describe('the four states', () => {
  it.each([
    ['text a', {}, refusal('Missing param: a')],
    ['text a', { a: null }, refusal('Missing param: a')],
    ['text a', { a: '' }, refusal('Missing param: a')],
    ['text? a', {}, refusal('Missing param: a')],
    ['text a?', { a: null }, refusal('Input "a" does not accept null.')],
    ['int a', { a: '' }, refusal('Missing param: a')],
    ['int[] a', {}, refusal('Missing param: a')],
  ])('%s refuses %j', (text, raw, expected) => expect(fail(text, raw)).toEqual(expected))

  it.each([
    ['text? a', { a: null }, null],
    ['text? a', { a: '' }, ''],
    ['text a?', {}, ''],
    ['text a?', { a: '' }, ''],
    ['text? a?', {}, null],
    ['int a?', {}, 0],
    ['int a?', { a: '' }, 0],
    ['bool a?', {}, false],
    ['text[] a?', {}, []],
    ['text[] a', { a: [] }, []],
    ['text[] a', { a: [''] }, ['']],
    ['object a? { schema { text b } }', {}, {}],
    ['int a?=5', {}, 5],
    ['int a?="-1"', {}, -1],
    ['int? a?=5', { a: null }, null],
    ['timestamp a?=now', {}, now],
    ['enum a?=1024x1024 { values = ["1024x1024"] }', {}, '1024x1024'],
  ])('%s reads %j', (text, raw, expected) => expect(read(text, raw)).toEqual({ a: expected }))
})

describe('types', () => {
  it.each([
    ['int a', '5', 5],
    ['int a', 5.0, 5],
    ['decimal a', '1.5', 1.5],
    ['bool a', '1', true],
    ['bool a', 'false', false],
    ['text a', 5, '5'],
    ['text a', true, 'true'],
    ['timestamp a', 1_000, 1_000],
    ['timestamp a', '2026-01-15T12:00:00Z', now],
    ['timestamp a', '2026-01-15 13:00:00+0100', now],
    ['timestamp a', '+1 day', now + 86_400_000],
    ['date a', '2024-02-29', '2024-02-29'],
    ['uuid a', 'C0FFEE00-0000-4000-8000-000000000001', 'c0ffee00-0000-4000-8000-000000000001'],
    ['email a', 'ａｄａ＠example.com', 'ada@example.com'],
    ['json a', '{"x":[1]}', { x: [1] }],
    ['json a', 'plain', 'plain'],
    ['object a { schema { int b } }', '{"b":"2","c":3}', { b: 2 }],
    ['text[] a', 'x', ['x']],
    ['int[] a', '[1,"2"]', [1, 2]],
    ['vector a { size = 2 }', [1, 2.5], [1, 2.5]],
    ['geo_point a', { type: 'point', data: { lat: 1, lng: 2 } }, { type: 'point', data: { lat: 1, lng: 2 } }],
    ['object[] a { schema { text b filters=upper } }', [{ b: 'x' }], [{ b: 'X' }]],
  ])('%s reads %j', (text, a, expected) => expect(read(text, { a })).toEqual({ a: expected }))

  it.each([
    ['int a', 1.5, 'Input "a" is not an int.'],
    ['int a', 'x', 'Input "a" is not an int.'],
    ['int a', '99999999999999999999', 'Input "a" is beyond the range of an int.'],
    ['int a', true, 'Input "a" is not an int.'],
    ['decimal a', 'NaN', 'Input "a" is not a number.'],
    ['bool a', 'yes', 'Input "a" is not a bool.'],
    ['text a', {}, 'Input "a" is not text.'],
    ['email a', 'x@y', 'Input "a" is not a valid email.'],
    ['timestamp a', 'whenever', 'Input "a" is not a timestamp.'],
    ['timestamp a', '2026-02-30', 'Input "a" is not a timestamp.'],
    ['date a', '2023-02-29', 'Input "a" is not a date (YYYY-MM-DD).'],
    ['uuid a', 'x', 'Input "a" is not a uuid.'],
    ['enum a { values = ["x"] }', 'y', 'Input "a" is not one of the allowable values.'],
    ['object a { schema { int b } }', [], 'Input "a" is not an object.'],
    ['object a { schema { int b } }', {}, 'Missing param: a.b'],
    ['object[] a { schema { int b } }', [{ b: 1 }, { b: 'x' }], 'Input "a[1].b" is not an int.'],
    ['text[1:2] a', [], 'Input "a" must have at least 1 item.'],
    ['text[1:2] a', ['1', '2', '3'], 'Input "a" must have at most 2 items.'],
    ['text[] a', [null], 'Input "a[0]" does not accept null.'],
    ['vector a { size = 2 }', [1], 'Input "a" must have exactly 2 numbers.'],
    ['geo_point a', { type: 'point', data: { lat: 91, lng: 2 } }, 'Input "a" is not a geo_point ({"type": "point", "data": …}).'],
    ['file a', 'x', 'Missing param: a'],
  ])('%s refuses %j', (text, a, message) => expect(fail(text, { a })).toEqual(refusal(message)))
})

describe('input filters', () => {
  it.each([
    ['text a filters=trim|lower', ' AB ', 'ab'],
    ['text a filters=alphaOk|digitOk', 'a1', 'a1'],
    ['text a filters=min:3|!max:4', 'abcdef', 'abcdef'],
    ['text[] a filters=trim|max:2', [' x '], ['x']],
    ['text a filters=pattern:"^[0-9]{4}$":"bad pin"', '1234', '1234'],
  ])('%s keeps %j', (text, a, expected) => expect(read(text, { a })).toEqual({ a: expected }))

  it.each([
    ['text a filters=min:3', '💡💡', 'Input does not meet minimum length requirement of 3 characters'],
    ['int a filters=min:18', 17, 'Value is less than the minimum value of 18'],
    ['int a filters=max:65', 66, 'Value is greater than the maximum value of 65'],
    ['text a filters=alphaOk', 'a1', 'Input contains characters that are not allowed'],
    ['text a filters=ok:ABC123', 'AD', 'Input contains characters that are not allowed'],
    ['text a filters=startsWith:ABC', 'XBC', 'Input does not start with ABC'],
    ['text a filters=prevent:spam', 'no SPAM', 'Input contains a phrase that is not allowed'],
    ['text a filters=pattern:"^[0-9]{4}$":"bad pin"', '12', 'bad pin'],
    ['password a filters=minAlpha:1|minDigit:1', 'abc', 'Input must contain at least 1 digits'],
    ['password a filters=minSymbol:1', 'abc1', 'Input must contain at least 1 symbols'],
    ['text[] a filters=max:1', ['a', 'b'], 'Input does not meet maximum count requirement of 1 items'],
  ])('%s refuses %j', (text, a, message) => expect(fail(text, { a })).toEqual(refusal(message)))

  it('are checked when compiling', () => {
    expect(() => compileInputs(fieldsOf('text a filters=trimm'))).toThrow('Unknown input filter: trimm')
    expect(() => compileInputs([{ name: 'a', type: 'txt', filters: [], options: [] }])).toThrow('Unknown type: txt')
  })

  it('stays fast on a pattern made to be slow', async () => {
    const match = (length: number) => () =>
      expect(fail('text a filters=pattern:"^(a+)+$"', { a: `${'a'.repeat(length)}!` })).toEqual(refusal('Input does not match the required pattern'))
    expect(await growth(match(2_000), match(20_000))).toBeLessThan(25)
  })
})

describe('inputs as a whole', () => {
  it('come in declared order, without undeclared ones, and the first failure is told', () => {
    expect(Object.keys(read('text b\n text a?', { a: '1', b: '2', c: '3' }) as object)).toEqual(['b', 'a'])
    expect(fail('int b\n int a', { a: 'x', b: 'y' })).toEqual(refusal('Input "b" is not an int.', 'b'))
  })

  it('reads names that look like prototypes as data', () => {
    const raw = new Map([['__proto__', 'x']])
    const fields: Field[] = [{ name: '__proto__', type: 'text', filters: [], options: [] }]
    expect(compileInputs(fields)(raw, { now }).get('__proto__')).toBe('x')
  })

  it('takes the columns of a linked table, but its key and the hidden ones', () => {
    const columns = fieldsOf('int id\n text name\n password password\n int age?')
    const options: InputOptions = { linkTable: (name) => (name === 'user' ? columns : undefined) }
    const fields = fieldsOf('dblink { table = "user"\n override = {password: {hidden: true}} }\n int age')
    expect(expandLinks(fields, options).map(({ name }) => name)).toEqual(['name', 'age'])
    expect(() => compileInputs(fieldsOf('dblink { table = "nope" }'), options)).toThrow('The dblink names no known table: nope')
  })

  it('describes itself', () => {
    const fields = fieldsOf('// Full name\n text name filters=trim\n enum[1:] kind?="a" { values = ["a", "b"] }\n object? place? { schema { decimal lat } }')
    expect(describeInputs(fields)).toEqual([
      { name: 'name', type: 'text', required: true, nullable: false, default: null, description: 'Full name', style: { type: 'single' } },
      { name: 'kind', type: 'enum', required: false, nullable: false, default: 'a', description: '', values: ['a', 'b'], style: { type: 'list', min: 1 } },
      {
        name: 'place',
        type: 'object',
        required: false,
        nullable: true,
        default: null,
        description: '',
        style: { type: 'single' },
        children: [{ name: 'lat', type: 'decimal', required: true, nullable: false, default: null, description: '', style: { type: 'single' } }],
      },
    ])
    expect(toOpenApi(fields)).toEqual({
      type: 'object',
      required: ['name'],
      properties: {
        name: { type: 'string', description: 'Full name' },
        kind: { type: 'array', items: { type: 'string', enum: ['a', 'b'] }, minItems: 1, default: 'a' },
        place: { type: ['object', 'null'], properties: { lat: { type: 'number' } }, required: ['lat'] },
      },
    })
  })
})
