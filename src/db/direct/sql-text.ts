/** Reads SQL that a builder wrote just far enough to find its placeholders and names, and to see that it is one query. */
import { fatal } from '../../errors.js'

/** `?` is a value, `?:alias` a name, `?:raw` text of the statement itself. */
export type PlaceholderKind = 'value' | 'name' | 'raw'

export type SqlToken =
  | { type: 'placeholder'; kind: PlaceholderKind }
  /** `name` is as Postgres reads it. */
  | { type: 'name'; text: string; name: string }
  | { type: 'semicolon' }
  /** Strings and operators. */
  | { type: 'other'; text: string }
  /** White space and comments. */
  | { type: 'blank'; text: string }

const patterns: readonly [RegExp, (match: RegExpExecArray) => SqlToken][] = [
  [/(?:\s+|--[^\n]*)+/y, ([text]) => ({ type: 'blank', text })],
  [/[eE]'(?:[^'\\]|\\[\s\S]|'')*'/y, ([text]) => ({ type: 'other', text })],
  [/(?:[bBxXnN]|[uU]&)?'(?:[^']|'')*'/y, ([text]) => ({ type: 'other', text })],
  [/[uU]&"(?:[^"]|"")*"/y, ([text]) => ({ type: 'other', text })],
  [/"((?:[^"]|"")+)"/y, ([text, name = '']) => ({ type: 'name', text, name: name.replaceAll('""', '"') })],
  [/\$(\w*)\$[\s\S]*?\$\1\$/y, ([text]) => ({ type: 'other', text })],
  [/\?:alias\b/y, () => ({ type: 'placeholder', kind: 'name' })],
  [/\?:raw\b/y, () => ({ type: 'placeholder', kind: 'raw' })],
  [/\?/y, () => ({ type: 'placeholder', kind: 'value' })],
  [/;/y, () => ({ type: 'semicolon' })],
  [/[\p{L}_][\p{L}\p{N}_$]*/uy, ([text]) => ({ type: 'name', text, name: text.toLowerCase() })],
  [/\d[\w.]*/y, ([text]) => ({ type: 'other', text })],
]

/** The tokens of a statement. Throws AppError `fatal` for a string or comment that does not end. */
export function tokenizeSql(text: string): SqlToken[] {
  const out: SqlToken[] = []
  let at = 0
  while (at < text.length) {
    if (text.startsWith('/*', at)) {
      const end = commentEnd(text, at)
      out.push({ type: 'blank', text: text.slice(at, end) })
      at = end
      continue
    }
    const token = nextToken(text, at)
    out.push(token.token)
    at = token.end
  }
  return out
}

function nextToken(text: string, at: number): { token: SqlToken; end: number } {
  for (const [pattern, build] of patterns) {
    pattern.lastIndex = at
    const match = pattern.exec(text)
    if (match !== null) return { token: build(match), end: pattern.lastIndex }
  }
  const char = text[at] ?? ''
  if (char === "'" || char === '"') throw fatal('SQL Error: a quoted text does not end.')
  return { token: { type: 'other', text: char }, end: at + 1 }
}

/** Comments nest. */
function commentEnd(text: string, start: number): number {
  const mark = /\/\*|\*\//g
  mark.lastIndex = start
  let depth = 0
  for (let match = mark.exec(text); match !== null; match = mark.exec(text)) {
    depth += match[0] === '/*' ? 1 : -1
    if (depth === 0) return mark.lastIndex
  }
  throw fatal('SQL Error: a comment does not end.')
}

const allowed = new Set(['select', 'with', 'values', 'table', 'insert', 'update', 'delete', 'merge', 'explain'])

/** The tokens without what ends the statement. Throws AppError `badRequest` for anything but one query or change of rows. */
export function singleStatement(tokens: readonly SqlToken[]): SqlToken[] {
  const out = [...tokens]
  while (out.at(-1)?.type === 'semicolon' || out.at(-1)?.type === 'blank') out.pop()
  if (out.some((token) => token.type === 'semicolon'))
    throw fatal('db.direct_query runs one statement.', { status: 400, code: 'ERROR_CODE_BAD_REQUEST', hint: 'Use one db.direct_query for each.' })
  const first = out.find((token) => token.type !== 'blank' && !(token.type === 'other' && token.text === '('))
  if (first?.type !== 'name' || !allowed.has(first.text.toLowerCase()))
    throw fatal('db.direct_query reads and changes rows only.', {
      status: 400,
      code: 'ERROR_CODE_BAD_REQUEST',
      hint: `Begin with one of ${[...allowed].join(', ')}; tables are changed by their definitions.`,
    })
  return out
}
