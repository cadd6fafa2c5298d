/** Filters that escape or clean text for another notation: HTML, SQL, slashes, plain letters. */
import { raw, type Sql, sql } from '../lib/sql.js'
import { defineFilter, type FilterCase, type FilterSpec, type ValueFilter } from '../runtime/define.js'
import { textOf } from './operand.js'
import { textFace } from './sql-face.js'
import { stripTags } from './strip-tags.js'

const group = 'text'

export const stripHtml = defineFilter({
  name: 'strip_html',
  aliases: ['strip_tags'],
  group,
  summary: 'Removes HTML tags and comments, except the tags named.',
  input: 'text',
  returns: 'text',
  args: [{ name: 'allowed_tags', type: 'text', default: '', summary: 'Tags to keep, for example "<b><i>".' }],
  scalar: true,
  cases: [
    ['"<p>Epic Battle</p>"|strip_html', '"Epic Battle"'],
    ['"<p><b>test</b></p>"|strip_html:"<b>"', '"<b>test</b>"'],
    ['"a < b<br/>c"|strip_html', '"a < bc"'],
    ['"<!-- x > y -->z"|strip_html', '"z"'],
    [`"<a title='>'>l</a>"|strip_html`, '"l"'],
    ['"<scr<b>ipt>x"|strip_html', '"x"'],
  ],
  apply: (input, args) => stripTags(textOf('strip_html', input), textOf('strip_html', args[0] ?? null, 'allowed_tags')),
})

/** Letters that have no decomposition. */
const plainLetters: Record<string, string> = {
  ß: 'ss',
  ẞ: 'SS',
  æ: 'ae',
  Æ: 'AE',
  œ: 'oe',
  Œ: 'OE',
  ø: 'o',
  Ø: 'O',
  đ: 'd',
  Đ: 'D',
  ð: 'd',
  Ð: 'D',
  þ: 'th',
  Þ: 'TH',
  ł: 'l',
  Ł: 'L',
  ħ: 'h',
  Ħ: 'H',
  ı: 'i',
  ŀ: 'l',
  Ŀ: 'L',
  ŧ: 't',
  Ŧ: 'T',
  ĸ: 'k',
  ŋ: 'n',
  Ŋ: 'N',
}

/** Text without accents: combining marks of Latin, Greek and Cyrillic letters go, other scripts stay whole. */
export const withoutAccents = (text: string): string =>
  text
    .normalize('NFD')
    .replace(/[\u0300-\u036f]/g, '')
    .normalize('NFC')
    .replace(/[ßẞæÆœŒøØđĐðÐþÞłŁħĦıŀĿŧŦĸŋŊ]/g, (letter) => plainLetters[letter] ?? letter)

/** The same in SQL, without the extension. */
function unaccented(text: Sql): Sql {
  const single = Object.entries(plainLetters).filter(([, plain]) => plain.length === 1)
  const from = single.map(([letter]) => letter).join('')
  const to = single.map(([, plain]) => plain).join('')
  const stripped = sql`normalize(regexp_replace(normalize(${text}, NFD), '[\u0300-\u036f]', '', 'g'), NFC)`
  const translated = sql`translate(${stripped}, ${raw(`'${from}', '${to}'`)})`
  return Object.entries(plainLetters)
    .filter(([, plain]) => plain.length > 1)
    .reduce((piece, [letter, plain]) => sql`replace(${piece}, ${raw(`'${letter}', '${plain}'`)})`, translated)
}

export const unaccent = defineFilter({
  name: 'unaccent',
  aliases: ['strip_accents'],
  group,
  summary: 'Turns accented letters into plain ones.',
  input: 'text',
  returns: 'text',
  scalar: true,
  cases: [
    ['"études"|unaccent', '"etudes"'],
    ['"résumé"|unaccent', '"resume"'],
    ['"Łódź Straße"|unaccent', '"Lodz Strasse"'],
    ['"が"|unaccent', '"が"'],
  ],
  sql: textFace('unaccent', unaccented),
  apply: (input) => withoutAccents(textOf('unaccent', input)),
})

export const addslashes = defineFilter({
  name: 'addslashes',
  group,
  summary: 'Puts a backslash before quotes, backslashes and NUL.',
  input: 'text',
  returns: 'text',
  scalar: true,
  cases: [
    [`'he said "Hi!"'|addslashes`, `'he said \\\\"Hi!\\\\"'`],
    [`"O'Reilly"|addslashes`, `"O\\\\'Reilly"`],
    ['"a\\\\b"|addslashes', '"a\\\\\\\\b"'],
  ],
  apply: (input) => textOf('addslashes', input).replace(/['"\\\0]/g, (character) => (character === '\0' ? '\\0' : `\\${character}`)),
})

const htmlEntities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#039;' }
/** Text safe inside HTML content and quoted attributes. */
export const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (character) => htmlEntities[character] ?? character)

const namedEntities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: '\u00a0' }

function decodeEntity(entity: string, body: string): string {
  if (!body.startsWith('#')) return namedEntities[body] ?? entity
  const code = /^#x/i.test(body) ? Number.parseInt(body.slice(2), 16) : Number.parseInt(body.slice(1), 10)
  const valid = code > 0 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff)
  return valid ? String.fromCodePoint(code) : entity
}

const htmlEscape = (name: string, cases: FilterCase[]): ValueFilter =>
  defineFilter({
    name,
    group,
    summary: 'Escapes text for HTML.',
    input: 'text',
    returns: 'text',
    scalar: true,
    cases,
    apply: (input) => escapeHtml(textOf(name, input)),
  })

export const escapeText = htmlEscape('escape', [
  [`"<a href='x'>\\"&\\"</a>"|escape`, '"&lt;a href=&#039;x&#039;&gt;&quot;&amp;&quot;&lt;/a&gt;"'],
  ['"<div>"|escape', '"&lt;div&gt;"'],
])

export const textEscape = htmlEscape('text_escape', [
  ['"<b>bold</b>"|text_escape', '"&lt;b&gt;bold&lt;/b&gt;"'],
  ['"a & b"|text_escape', '"a &amp; b"'],
])

export const textUnescape = defineFilter({
  name: 'text_unescape',
  group,
  summary: 'Turns HTML entities back into characters, once.',
  input: 'text',
  returns: 'text',
  scalar: true,
  cases: [
    ['"&lt;b&gt;bold&lt;/b&gt;"|text_unescape', '"<b>bold</b>"'],
    ['"a &amp; b"|text_unescape', '"a & b"'],
    ['"&amp;lt; &#8364; &#x27;&unknown;"|text_unescape', `"&lt; € '&unknown;"`],
  ],
  apply: (input) => textOf('text_unescape', input).replace(/&(#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-z]{2,6});/g, decodeEntity),
})

export const sqlEscape = defineFilter({
  name: 'sql_esc',
  group,
  summary: 'Doubles single quotes, as SQL text literals want them; bound parameters are safer.',
  input: 'text',
  returns: 'text',
  scalar: true,
  cases: [
    [`"O'Reilly"|sql_esc`, `"O''Reilly"`],
    ['"test; DROP TABLE"|sql_esc', '"test; DROP TABLE"'],
  ],
  apply: (input) => textOf('sql_esc', input).replaceAll("'", "''"),
})

export const sqlAlias = defineFilter({
  name: 'sql_alias',
  group,
  summary: 'Makes a plain SQL identifier: lower-case letters, digits and underscores, 63 at most.',
  input: 'text',
  returns: 'text',
  scalar: true,
  cases: [
    ['"user id"|sql_alias', '"user_id"'],
    ['"Order Total"|sql_alias', '"order_total"'],
    ['"1st Été (net)"|sql_alias', '"_1st_ete_net"'],
  ],
  apply(input) {
    const words =
      withoutAccents(textOf('sql_alias', input))
        .toLowerCase()
        .match(/[a-z0-9_]+/g) ?? []
    const name = words.join('_')
    return (/^[a-z_]/.test(name) ? name : `_${name}`).slice(0, 63)
  },
})

export const textEscapeFilters: FilterSpec[] = [stripHtml, unaccent, addslashes, escapeText, textEscape, textUnescape, sqlEscape, sqlAlias]
