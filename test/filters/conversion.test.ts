import { describe, expect, it } from 'vitest'
import { AppError } from '../../src/errors.js'
import { decimalOf, fromPlain } from '../../src/lib/value.js'
import { growth } from '../helpers/growth.js'
import { apply, applyIn, testContext } from './apply.js'

const plain = (value: unknown): unknown => fromPlain(value)

describe('to_*', () => {
  it('reads the number at the start', () => {
    expect(apply('to_int', ' -12.9kg')).toBe(-12)
    expect(apply('to_decimal', '1e3x')).toEqual(decimalOf(1000))
    expect(apply('to_decimal', '.5.5')).toBe(0.5)
    expect(() => apply('to_int', [1])).toThrow(AppError)
    expect(() => apply('to_decimal', '1e999')).toThrow(AppError)
  })
  it('writes text', () => {
    expect(apply('to_text', false)).toBe('false')
    expect(apply('to_text', { b: 1, a: [null] })).toBe('{"b":1,"a":[null]}')
  })
})

describe('json', () => {
  it('keeps order and delicate keys', () => {
    const source = '{"2":1,"__proto__":{"x":1},"1":[{}, []]}'
    expect(apply('json_encode', apply('json_decode', source))).toBe('{"2":1,"__proto__":{"x":1},"1":[{},[]]}')
    expect(({} as Record<string, unknown>)['x']).toBeUndefined()
  })
  it('refuses numbers out of range', () => {
    for (const text of ['1e999', '[{"a":-1E+400}]', '9'.repeat(400)]) expect(() => apply('json_decode', text)).toThrow(/out of range/)
    expect(apply('json_decode', '"1e999"')).toBe('1e999')
  })
  it('fails as documented', () => {
    expect(() => apply('json_decode', '{')).toThrow('Error parsing JSON: Syntax error')
    expect(() => apply('json_decode', '['.repeat(100_000) + ']'.repeat(100_000))).toThrow(AppError)
  })
})

describe('bytes', () => {
  it('turns bytes that are not UTF-8 into Binary and back', () => {
    const bytes = apply('hex2bin', 'ff00fe')
    expect(bytes).toBeInstanceOf(Uint8Array)
    expect(apply('base64_encode', bytes)).toBe('/wD+')
    expect(apply('bin2hex', apply('base64_decode', '/wD+'))).toBe('ff00fe')
    expect(apply('base64_encode_urlsafe', apply('hex2bin', 'fbff'))).toBe('-_8.')
    expect(apply('bin2hex', apply('base64_decode_urlsafe', '-_8='))).toBe('fbff')
  })
  it('refuses what is no number of a base', () => {
    for (const [name, text] of [
      ['hexdec', 'xyz'],
      ['bindec', '102'],
      ['octdec', '8'],
      ['hex2bin', 'abc'],
      ['hexdec', ''],
      ['hexdec', 'f'.repeat(2000)],
    ] as const)
      expect(() => apply(name, text)).toThrow(AppError)
    expect(() => apply('base_convert', 'ff', 16, 37)).toThrow(AppError)
  })
})

describe('csv', () => {
  it.each([
    [
      'a,b\r\n1,2\r\n',
      [
        ['a', 'b'],
        ['1', '2'],
      ],
    ],
    ['\uFEFFa\n\n1\n', [['a'], ['1']]],
    ['"a\nb",c', [['a\nb', 'c']]],
    ['"x ""y""",z', [['x "y"', 'z']]],
    ['"a\\"b",c', [['a\\"b', 'c']]],
    ['"open,x', [['open,x']]],
    ['"a"tail,b', [['atail', 'b']]],
    [',', [['', '']]],
    ['', []],
  ])('%j', (text, rows) => expect(apply('csv_decode', text)).toEqual(plain(rows)))

  it('reads headers into objects without a prototype', () => {
    expect(apply('csv_parse', 'id,__proto__\n1,x\n2')).toEqual([
      new Map([
        ['id', '1'],
        ['__proto__', 'x'],
      ]),
      new Map([
        ['id', '2'],
        ['__proto__', null],
      ]),
    ])
  })
  it('writes what it reads', () => {
    const rows = [
      ['a b', 'x"y', 'l1\nl2', '', 'é'],
      ['1', ',', ' ', '\t', "'"],
    ]
    expect(apply('csv_decode', apply('csv_encode', rows))).toEqual(rows)
    expect(apply('csv_encode', rows, ';', "'")).toBe("'a b';x\"y;'l1\nl2';;é\n1;,;' ';'\t';''''\n")
    expect(apply('csv_encode', [])).toBe('')
    expect(apply('csv_encode', [{ a: 1, b: { c: 2 } }])).toBe('1,"{""c"":2}"\n')
  })
  it('is linear and pays for fields', () => {
    const big = '"a","b"\n'.repeat(100_000)
    expect((apply('csv_decode', big) as unknown[]).length).toBe(100_000)
    expect(() => applyIn(testContext(0, 50_000), 'csv_decode', big)).toThrow(/steps/)
    expect(() => apply('csv_decode', 'a', '::')).toThrow(AppError)
  })
})

describe('xml', () => {
  it('reads elements, attributes, text and CDATA', () => {
    expect(apply('xml_decode', '<?xml version="1.0"?>\n<r a="1" b="&amp;&#x41;">\n <i>x</i><!-- c --><i/>\n <j><![CDATA[<&>]]></j>\n</r>')).toEqual(
      plain({
        r: {
          '@attributes': { a: '1', b: '&A' },
          value: [{ i: { '@attributes': [], value: 'x' } }, { i: { '@attributes': [], value: '' } }, { j: { '@attributes': [], value: '<&>' } }],
        },
      }),
    )
  })
  it('keeps text between elements', () => {
    expect(apply('xml_decode', '<p>one <b>two</b> three</p>')).toEqual(
      plain({ p: { '@attributes': [], value: ['one ', { b: { '@attributes': [], value: 'two' } }, ' three'] } }),
    )
  })
  it('treats delicate names as data', () => {
    const parsed = apply('xml_decode', '<__proto__ constructor="x"/>') as Map<string, unknown>
    expect([...parsed.keys()]).toEqual(['__proto__'])
  })
  it.each([
    ['entities of a DTD', '<!DOCTYPE r [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><r>&b;</r>'],
    ['external entities', '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><r>&x;</r>'],
    ['unknown entities', '<r>&nope;</r>'],
    ['open elements', '<r><a></r>'],
    ['two roots', '<a/><b/>'],
    ['no element', 'text'],
    ['nothing', ''],
    ['depth', '<a>'.repeat(10_000)],
    ['size', `<a>${' '.repeat(9_000_000)}</a>`],
  ])('refuses %s', (_name, text) => expect(() => apply('xml_decode', text)).toThrow(AppError))
})

describe('yaml', () => {
  it('round-trips', () => {
    const value = {
      text: 'yes: no',
      number: 1.5,
      list: [1, ['a', {}], []],
      empty: {},
      none: null,
      '1': 'x',
      multi: 'a\nb\n',
      quoted: '"',
      date: '2024-01-01',
      bool: 'true',
      __proto__x: 1,
    }
    expect(apply('yaml_decode', apply('yaml_encode', value))).toEqual(plain(value))
  })
  it('indents as asked', () => {
    expect(apply('yaml_encode', { a: { b: 1 } }, null, 2, 4)).toBe('a:\n    b: 1\n')
  })
  it('reads the core schema only', () => {
    expect(apply('yaml_decode', 'a: yes\nb: 0o17\nc: .inf\nd: 2024-01-01\n2: x\n__proto__: y\n')).toEqual(
      new Map<string, unknown>([
        ['a', 'yes'],
        ['b', 15],
        ['c', null],
        ['d', '2024-01-01'],
        ['2', 'x'],
        ['__proto__', 'y'],
      ]),
    )
    expect(apply('yaml_decode', 'base: &b {x: 1}\nuse: *b')).toEqual(plain({ base: { x: 1 }, use: { x: 1 } }))
    expect(apply('yaml_decode', 'a: 1\na: 2')).toEqual(plain({ a: 2 }))
  })
  const laughs = `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefghi'
    .split('')
    .map((name, i) => `${name}: &${name} [${`*${'abcdefgh'[i]},`.repeat(9)}]`)
    .join('\n')}`
  it.each([
    ['alias bombs', laughs],
    ['endless aliases', '&a [*a]'],
    ['unclosed text', 'a: "x'],
    ['several documents', 'a: 1\n---\nb: 2'],
    ['depth', '['.repeat(5000)],
    ['size', 'a'.repeat(2_000_000)],
  ])('refuses %s', (_name, text) => expect(() => apply('yaml_decode', text)).toThrow(AppError))
  it('takes unknown tags as text', () => {
    expect(apply('yaml_decode', '!!js/function "return 1"')).toBe('return 1')
  })
  it('reads many keys in linear time', async () => {
    const decode = (keys: number) => () => {
      const text = Array.from({ length: keys }, (_, i) => `key${i}: ${i}`).join('\n')
      expect((apply('yaml_decode', text) as Map<string, unknown>).size).toBe(keys)
    }
    expect(await growth(decode(2_000), decode(15_000))).toBeLessThan(25)
  })
})

describe('geo', () => {
  it('accepts pairs, objects and GeoJSON', () => {
    const point = plain({ type: 'point', data: { lng: 13.4, lat: 52.5 } })
    for (const input of [
      { lat: 52.5, lng: 13.4 },
      [13.4, 52.5],
      { type: 'Point', coordinates: [13.4, 52.5] },
      { type: 'point', data: { lng: 13.4, lat: 52.5 } },
      { lng: '13.4', lat: '52.5' },
    ])
      expect(apply('to_geo_point', input)).toEqual(point)
  })
  it('refuses what is no place', () => {
    for (const input of [{ lng: 200, lat: 0 }, { lng: 0 }, 'x', null, []]) expect(() => apply('to_geo_point', input)).toThrow(AppError)
    expect(() => apply('to_geo_polygon', [{ lng: 0, lat: 0 }, null])).toThrow(AppError)
  })
})
