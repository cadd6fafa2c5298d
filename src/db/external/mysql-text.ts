/** Reads SQL of MySQL and MariaDB just far enough to find its placeholders, and to see that it is one statement. */
import { fatal } from '../../errors.js'
import type { SqlToken } from '../direct/sql-text.js'

const text = ([written]: RegExpExecArray): SqlToken => ({ type: 'other', text: written })
const blank = ([written]: RegExpExecArray): SqlToken => ({ type: 'blank', text: written })

/** Comments that begin with `!` are code, and refused: what they contain depends on the server. */
const patterns: readonly [RegExp, (match: RegExpExecArray) => SqlToken][] = [
  [/(?:\s+|#[^\n]*|--(?=[\s\x00-\x1f]|$)[^\n]*)+/y, blank],
  [/\/\*(?!M?!)[\s\S]*?\*\//y, blank],
  [/'(?:[^'\\]|\\[\s\S]|'')*'/y, text],
  [/"(?:[^"\\]|\\[\s\S]|"")*"/y, text],
  [/`((?:[^`]|``)+)`/y, ([written, name = '']) => ({ type: 'name', text: written, name: name.replaceAll('``', '`') })],
  [/\?:alias\b/y, () => ({ type: 'placeholder', kind: 'name' })],
  [/\?:raw\b/y, () => ({ type: 'placeholder', kind: 'raw' })],
  [/\?/y, () => ({ type: 'placeholder', kind: 'value' })],
  [/;/y, () => ({ type: 'semicolon' })],
  [/[\p{L}_$][\p{L}\p{N}_$]*/uy, ([written]) => ({ type: 'name', text: written, name: written.toLowerCase() })],
  [/\d[\w.]*/y, text],
]

/** The tokens of a statement. Throws AppError `fatal` for a string or comment that does not end. */
export function tokenizeMysql(sql: string): SqlToken[] {
  const out: SqlToken[] = []
  for (let at = 0; at < sql.length; ) {
    const found = next(sql, at)
    out.push(found.token)
    at = found.end
  }
  return out
}

function next(sql: string, at: number): { token: SqlToken; end: number } {
  for (const [pattern, build] of patterns) {
    pattern.lastIndex = at
    const match = pattern.exec(sql)
    if (match !== null) return { token: build(match), end: pattern.lastIndex }
  }
  const char = sql[at] ?? ''
  if (sql.startsWith('/*', at)) throw fatal('SQL Error: a comment does not end, or is one that MySQL runs.')
  if (char === "'" || char === '"' || char === '`') throw fatal('SQL Error: a quoted text does not end.')
  return { token: { type: 'other', text: char }, end: at + 1 }
}
