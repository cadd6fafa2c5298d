/** Filters that change the shape of text: trimming, case, cutting, joining, padding. */
import { sql } from '../lib/sql.js'
import type { Value } from '../lib/value.js'
import { isBinary } from '../lib/value.js'
import { toText } from '../runtime/convert.js'
import { defineFilter, type FilterContext, type FilterSpec } from '../runtime/define.js'
import { spendList, spendText } from './bounds.js'
import { charactersOf, lengthOf, sliceCharacters } from './code-points.js'
import { intOf, optionalInt, textOf } from './operand.js'
import { sliceBounds } from './slice-bounds.js'
import { argument, intSql, term, textFace, textSql } from './sql-face.js'

const group = 'text'

type Strips = (character: string) => boolean

const whitespace: Strips = (character) => /[\s\0]/.test(character)

/** Which characters a trim strips: those of the argument, or white space when it is absent or empty. */
function stripsOf(filter: string, characters: Value | undefined): Strips {
  const text = textOf(filter, characters ?? null, 'characters')
  if (text === '') return whitespace
  const set = new Set(charactersOf(text))
  return (character) => set.has(character)
}

function startOf(text: string, strips: Strips): number {
  let at = 0
  for (const character of text) {
    if (!strips(character)) break
    at += character.length
  }
  return at
}

function endOf(text: string, strips: Strips, from: number): number {
  let at = text.length
  while (at > from) {
    const pair = at - from > 1 && /[\ud800-\udbff][\udc00-\udfff]/.test(text.slice(at - 2, at))
    const start = at - (pair ? 2 : 1)
    if (!strips(text.slice(start, at))) break
    at = start
  }
  return at
}

const characters = { name: 'characters', type: 'text', default: '', summary: 'Characters to strip; white space when empty.' }

export const trim = defineFilter({
  name: 'trim',
  group,
  summary: 'Strips white space, or the given characters, from both ends.',
  input: 'text',
  returns: 'text',
  args: [characters],
  scalar: true,
  cases: [
    ['"  hi  "|trim', '"hi"'],
    ['"...test..."|trim:"."', '"test"'],
    ['"  \\n x \\t"|trim', '"x"'],
    ['null|trim', '""'],
    ['"😀a😀"|trim:"😀"', '"a"'],
    ['"xyabyx"|trim:"xy"', '"ab"'],
  ],
  apply(input, args) {
    const text = textOf('trim', input)
    const strips = stripsOf('trim', args[0])
    const start = startOf(text, strips)
    return text.slice(start, endOf(text, strips, start))
  },
})

export const trimStart = defineFilter({
  name: 'ltrim',
  group,
  summary: 'Strips white space, or the given characters, from the start.',
  input: 'text',
  returns: 'text',
  args: [characters],
  scalar: true,
  cases: [
    ['"  Epic Battle  "|ltrim', '"Epic Battle  "'],
    ['"...test"|ltrim:"."', '"test"'],
  ],
  apply(input, args) {
    const text = textOf('ltrim', input)
    return text.slice(startOf(text, stripsOf('ltrim', args[0])))
  },
})

export const trimEnd = defineFilter({
  name: 'rtrim',
  group,
  summary: 'Strips white space, or the given characters, from the end.',
  input: 'text',
  returns: 'text',
  args: [characters],
  scalar: true,
  cases: [
    ['"  Epic Battle  "|rtrim', '"  Epic Battle"'],
    ['"test..."|rtrim:"."', '"test"'],
    ['"1.500"|rtrim:"0"', '"1.5"'],
  ],
  apply(input, args) {
    const text = textOf('rtrim', input)
    return text.slice(0, endOf(text, stripsOf('rtrim', args[0]), 0))
  },
})

export const toLower = defineFilter({
  name: 'to_lower',
  aliases: ['lower'],
  group,
  summary: 'Lower-cases every letter.',
  input: 'text',
  returns: 'text',
  scalar: true,
  cases: [
    ['"Epic Battle"|to_lower', '"epic battle"'],
    ['"TEST"|to_lower', '"test"'],
    ['"ÀÉ"|to_lower', '"àé"'],
    ['null|to_lower', '""'],
  ],
  sql: textFace('to_lower', (text) => sql`lower(${text})`),
  apply: (input) => textOf('to_lower', input).toLowerCase(),
})

export const toUpper = defineFilter({
  name: 'to_upper',
  aliases: ['upper'],
  group,
  summary: 'Upper-cases every letter.',
  input: 'text',
  returns: 'text',
  scalar: true,
  cases: [
    ['"Epic Battle"|to_upper', '"EPIC BATTLE"'],
    ['"hello world"|to_upper', '"HELLO WORLD"'],
    ['"straße"|to_upper', '"STRASSE"'],
  ],
  sql: textFace('to_upper', (text) => sql`upper(${text})`),
  apply: (input) => textOf('to_upper', input).toUpperCase(),
})

export const capitalize = defineFilter({
  name: 'capitalize',
  group,
  summary: 'Upper-cases the first letter of each word and leaves the others as they are.',
  input: 'text',
  returns: 'text',
  scalar: true,
  cases: [
    ['"john doe"|capitalize', '"John Doe"'],
    ['"hi there"|capitalize', '"Hi There"'],
    ['"élan vital"|capitalize', '"Élan Vital"'],
    ['"aBC dEF"|capitalize', '"ABC DEF"'],
  ],
  apply: (input) => textOf('capitalize', input).replace(/(^|\s)(\S)/gu, (_, gap: string, letter: string) => gap + letter.toUpperCase()),
})

export const strlen = defineFilter({
  name: 'strlen',
  group,
  summary: 'Number of characters (of bytes for binary).',
  input: 'text',
  returns: 'int',
  scalar: true,
  cases: [
    ['"hello"|strlen', '5'],
    ['""|strlen', '0'],
    ['"é"|strlen', '1'],
    ['"😀"|strlen', '1'],
    ['null|strlen', '0'],
    ['1234|strlen', '4'],
  ],
  apply: (input) => (isBinary(input) ? input.length : lengthOf(textOf('strlen', input))),
})

export const substr = defineFilter({
  name: 'substr',
  group,
  summary: 'Part of the text from an offset, for a length or to the end; negative values count from the end.',
  input: 'text',
  returns: 'text',
  args: [
    { name: 'start', type: 'int', required: true, summary: 'From 0; negative counts from the end.' },
    { name: 'length', type: 'int', default: null, summary: 'Number of characters; negative stops that many before the end.' },
  ],
  scalar: true,
  cases: [
    ['"hello"|substr:1:3', '"ell"'],
    ['"test"|substr:0:2', '"te"'],
    ['"hello"|substr:2', '"llo"'],
    ['"hello"|substr:-3', '"llo"'],
    ['"hello"|substr:-3:2', '"ll"'],
    ['"hello"|substr:1:-1', '"ell"'],
    ['"hello"|substr:9', '""'],
    ['"a😀b"|substr:1:1', '"😀"'],
  ],
  // As sliceBounds: characters from 0, negative numbers from the end.
  sql(input, args) {
    const text = textSql('substr', input)
    const at = intSql('substr', argument('substr', args, 0, 'start'))
    const length = args[1] === undefined ? sql`null::bigint` : intSql('substr', args[1])
    return term(
      'text',
      sql`(select substr(t, s::int + 1, case when n is null then greatest(l - s, 0) when n < 0 then greatest(l - s + n, 0) else n end::int) from (select t, l, n, case when a < 0 then greatest(l + a, 0) else least(a, l) end as s from (select ${text} as t, char_length(${text}) as l, ${at} as a, ${length} as n) as given) as bounded)`,
    )
  },
  apply(input, args) {
    const text = textOf('substr', input)
    const [start, end] = sliceBounds(lengthOf(text), intOf('substr', args[0] ?? null, 'start'), optionalInt('substr', args[1], 'length'))
    return sliceCharacters(text, start, end)
  },
})

export const split = defineFilter({
  name: 'split',
  group,
  summary: 'Cuts text at every separator; an empty separator gives the characters.',
  input: 'text',
  returns: 'text[]',
  args: [{ name: 'separator', type: 'text', required: true }],
  scalar: true,
  cases: [
    ['"a,b,c"|split:","', '["a","b","c"]'],
    ['"test"|split:""', '["t","e","s","t"]'],
    ['""|split:","', '[""]'],
    ['"a😀"|split:""', '["a","😀"]'],
    ['"a, b"|split:", "', '["a","b"]'],
  ],
  apply(input, args, context) {
    const text = textOf('split', input)
    const separator = textOf('split', args[0] ?? null, 'separator')
    const parts = separator === '' ? charactersOf(text) : text.split(separator)
    spendList(context, 'split', parts.length)
    return parts
  },
})

export const replace = defineFilter({
  name: 'replace',
  aliases: ['string_replace'],
  group,
  summary: 'Replaces every occurrence of a text by another.',
  input: 'text',
  returns: 'text',
  args: [
    { name: 'search', type: 'text', required: true },
    { name: 'replacement', type: 'text', required: true },
  ],
  scalar: true,
  cases: [
    ['"hello world"|replace:"world":"Xano"', '"hello Xano"'],
    ['"foo bar foo"|replace:"foo":"baz"', '"baz bar baz"'],
    ['"hello"|replace:"l":"x"', '"hexxo"'],
    ['"a.b.c"|replace:".":""', '"abc"'],
    ['"abc"|replace:"b":"$&"', '"a$&c"'],
    ['"abc"|replace:"":"x"', '"abc"'],
  ],
  apply(input, args, context) {
    const text = textOf('replace', input)
    const search = textOf('replace', args[0] ?? null, 'search')
    const replacement = textOf('replace', args[1] ?? null, 'replacement')
    if (search === '') return text
    const parts = text.split(search)
    spendText(context, 'replace', text.length + (parts.length - 1) * (replacement.length - search.length))
    return parts.join(replacement)
  },
})

export const concat = defineFilter({
  name: 'concat',
  group,
  summary: 'Appends a value as text, with a separator between when one is given.',
  input: 'text',
  returns: 'text',
  args: [
    { name: 'value', type: 'any', required: true },
    { name: 'separator', type: 'text', default: '' },
  ],
  scalar: true,
  cases: [
    ['"Hello"|concat:"World!":" - "', '"Hello - World!"'],
    ['"hello"|concat:"world":", "', '"hello, world"'],
    ['"a"|concat:"b":""', '"ab"'],
    ['"n="|concat:5', '"n=5"'],
    ['null|concat:"a"', '"a"'],
    ['"a"|concat:null', '"a"'],
  ],
  sql(input, args) {
    const value = textSql('concat', argument('concat', args, 0, 'value'))
    return term(
      'text',
      args[1] === undefined
        ? sql`concat(${textSql('concat', input)}, ${value})`
        : sql`concat(${textSql('concat', input)}, ${textSql('concat', args[1])}, ${value})`,
    )
  },
  apply(input, args, context) {
    const text = textOf('concat', input) + textOf('concat', args[1] ?? null, 'separator') + toText(args[0] ?? null)
    spendText(context, 'concat', text.length)
    return text
  },
})

const padArgs = [
  { name: 'length', type: 'int', required: true, summary: 'Wanted number of characters.' },
  { name: 'characters', type: 'text', default: ' ', summary: 'Repeated as often as needed.' },
]

/** The padding that brings `text` to the wanted length. */
function padding(filter: string, text: string, args: readonly Value[], context: FilterContext): string {
  const missing = intOf(filter, args[0] ?? null, 'length') - lengthOf(text)
  const pad = charactersOf(textOf(filter, args[1] ?? ' ', 'characters'))
  if (missing <= 0 || pad.length === 0) return ''
  spendText(context, filter, missing * 2)
  return pad.join('').repeat(Math.floor(missing / pad.length)) + pad.slice(0, missing % pad.length).join('')
}

export const padStart = defineFilter({
  name: 'pad_start',
  group,
  summary: 'Fills text at the start up to a number of characters.',
  input: 'text',
  returns: 'text',
  args: padArgs,
  scalar: true,
  cases: [
    ['"7"|pad_start:3:"0"', '"007"'],
    ['"7"|pad_start:3', '"  7"'],
    ['"1234"|pad_start:3:"0"', '"1234"'],
    ['7|pad_start:2:"0"', '"07"'],
    ['"x"|pad_start:4:"ab"', '"abax"'],
  ],
  apply(input, args, context) {
    const text = textOf('pad_start', input)
    return padding('pad_start', text, args, context) + text
  },
})

export const padEnd = defineFilter({
  name: 'pad_end',
  group,
  summary: 'Fills text at the end up to a number of characters.',
  input: 'text',
  returns: 'text',
  args: padArgs,
  scalar: true,
  cases: [
    ['"7"|pad_end:3:"0"', '"700"'],
    ['"😀"|pad_end:3:"-"', '"😀--"'],
  ],
  apply(input, args, context) {
    const text = textOf('pad_end', input)
    return text + padding('pad_end', text, args, context)
  },
})

export const textShapeFilters: FilterSpec[] = [trim, trimStart, trimEnd, toLower, toUpper, capitalize, strlen, substr, split, replace, concat, padStart, padEnd]
