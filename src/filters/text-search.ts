/** Filters that look for text within text. */
import { raw, sql } from '../lib/sql.js'
import type { Value } from '../lib/value.js'
import { defineFilter, type FilterCase, type FilterSpec, type SqlFace, type ValueFilter } from '../runtime/define.js'
import { foldCase, positionOf } from './code-points.js'
import { textOf } from './operand.js'
import { argument, isJsonTerm, likeInput, term, textSql } from './sql-face.js'

const group = 'text'
const search = { name: 'search', type: 'text', required: true }

/** A filter that asks one question of the input and the searched text. */
function defineSearch(
  spec: { name: string; aliases?: string[]; summary: string; returns: string; cases: FilterCase[]; sql?: SqlFace },
  answer: (text: string, search: string) => Value,
): ValueFilter {
  return defineFilter({
    ...spec,
    group,
    input: 'text',
    args: [search],
    scalar: true,
    apply: (input, args) => answer(textOf(spec.name, input), textOf(spec.name, args[0] ?? null, 'search')),
  })
}

/** `column|contains:value`, as the operator: items of a list, JSON containment, part of a text. */
const containsFace: SqlFace = (input, args) => {
  const other = argument('contains', args, 0, 'search')
  if (isJsonTerm(input)) return term('bool', sql`(${input.sql} @> ${other.bind ? other.bind('json') : sql`to_jsonb(${other.sql})`})`)
  if (input.list !== true) return term('bool', sql`(strpos(${textSql('contains', input)}, ${textSql('contains', other)}) > 0)`)
  return term('bool', other.bind || other.list ? sql`(${input.sql} @> ${likeInput('contains', input, other)})` : sql`(${other.sql} = any(${input.sql}))`)
}

export const index = defineSearch(
  {
    name: 'index',
    aliases: ['strpos'],
    summary: 'Position of the first occurrence, from 0; false when there is none.',
    returns: 'int or false',
    cases: [
      ['"Epic Battle"|index:"Battle"', '5'],
      ['"hello world"|index:"world"', '6'],
      ['"abc"|index:"z"', 'false'],
      ['"😀b"|index:"b"', '1'],
    ],
  },
  (text, wanted) => {
    const at = text.indexOf(wanted)
    return at < 0 ? false : positionOf(text, at)
  },
)

/** Position in the text, in code points, of position `unit` of its case-folded form, whose length may differ. */
function unfoldedPosition(text: string, folded: string, unit: number): number {
  if (folded.length === text.length) return positionOf(text, unit)
  let position = 0
  let length = 0
  for (const character of text) {
    if (length >= unit) break
    length += foldCase(character).length
    position++
  }
  return position
}

export const indexIgnoringCase = defineSearch(
  {
    name: 'iindex',
    aliases: ['stripos'],
    summary: 'The same as index, ignoring case.',
    returns: 'int or false',
    cases: [
      ['"Epic Battle"|iindex:"battle"', '5'],
      ['"hello world"|iindex:"WORLD"', '6'],
      ['"abc"|iindex:"Z"', 'false'],
      ['"ßÄx"|iindex:"äX"', '1'],
    ],
  },
  (text, wanted) => {
    const folded = foldCase(text)
    const at = folded.indexOf(foldCase(wanted))
    return at < 0 ? false : unfoldedPosition(text, folded, at)
  },
)

export const startsWith = defineSearch(
  {
    name: 'starts_with',
    summary: 'Whether the text begins so.',
    returns: 'bool',
    cases: [
      ['"Epic Battle"|starts_with:"Epic"', 'true'],
      ['"test123"|starts_with:"abc"', 'false'],
      ['"abc"|starts_with:""', 'true'],
      ['null|starts_with:"a"', 'false'],
    ],
  },
  (text, wanted) => text.startsWith(wanted),
)

export const startsWithIgnoringCase = defineSearch(
  {
    name: 'istarts_with',
    summary: 'Whether the text begins so, ignoring case.',
    returns: 'bool',
    cases: [
      ['"Epic Battle"|istarts_with:"epic"', 'true'],
      ['"HELLO world"|istarts_with:"hello"', 'true'],
    ],
  },
  (text, wanted) => foldCase(text).startsWith(foldCase(wanted)),
)

export const endsWith = defineSearch(
  {
    name: 'ends_with',
    summary: 'Whether the text ends so.',
    returns: 'bool',
    cases: [
      ['"Epic Battle"|ends_with:"Battle"', 'true'],
      ['"test.png"|ends_with:".jpg"', 'false'],
    ],
  },
  (text, wanted) => text.endsWith(wanted),
)

export const endsWithIgnoringCase = defineSearch(
  {
    name: 'iends_with',
    summary: 'Whether the text ends so, ignoring case.',
    returns: 'bool',
    cases: [
      ['"test.JPG"|iends_with:".jpg"', 'true'],
      ['"test.png"|iends_with:".JPG"', 'false'],
      ['"ΟΔΟΣ"|iends_with:"ος"', 'true'],
    ],
  },
  (text, wanted) => foldCase(text).endsWith(foldCase(wanted)),
)

export const contains = defineSearch(
  {
    name: 'contains',
    summary: 'Whether the text holds another.',
    returns: 'bool',
    cases: [
      ['"Epic Battle"|contains:"Battle"', 'true'],
      ['"hello world"|contains:"foo"', 'false'],
      ['null|contains:"a"', 'false'],
    ],
    sql: containsFace,
  },
  (text, wanted) => text.includes(wanted),
)

export const containsIgnoringCase = defineSearch(
  {
    name: 'icontains',
    summary: 'Whether the text holds another, ignoring case.',
    returns: 'bool',
    cases: [
      ['"Epic Battle"|icontains:"battle"', 'true'],
      ['"Test123"|icontains:"TEST"', 'true'],
      ['"STRASSE"|icontains:"straße"', 'true'],
    ],
  },
  (text, wanted) => foldCase(text).includes(foldCase(wanted)),
)

/** How well a text fits a search, by the language of its search index. */
export const searchRank = defineFilter({
  name: 'search_rank',
  group: 'search',
  summary: 'Relevance of a text column for search words; higher is better, 0 where they are not found. `> 0` uses a search index over the column alone.',
  input: 'text column',
  returns: 'decimal',
  args: [{ name: 'query', type: 'text', required: true, summary: 'Words, "phrases", -excluded words, or.' }],
  scalar: true,
  cases: [],
  sql(input, args) {
    const language = raw(`'${input.language ?? 'english'}'::regconfig`)
    const query = textSql('search_rank', argument('search_rank', args, 0, 'query'))
    const wanted = sql`websearch_to_tsquery(${language}, ${query})`
    const document = sql`to_tsvector(${language}, coalesce(${textSql('search_rank', input)}, ''))`
    const positive = sql`(${input.document ?? document} @@ ${wanted})`
    // ts_rank alone is a little above 0 for rows that hold only some of the words.
    return { ...term('decimal', sql`(case when ${positive} then ts_rank(${document}, ${wanted}) else 0 end)`), positive }
  },
})

export const textSearchFilters: FilterSpec[] = [
  searchRank,
  index,
  indexIgnoringCase,
  startsWith,
  startsWithIgnoringCase,
  endsWith,
  endsWithIgnoringCase,
  contains,
  containsIgnoringCase,
]
