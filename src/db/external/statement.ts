/** SQL for an external database: placeholders become parameters that its server binds. */
import { AppError, fatal, inputError } from '../../errors.js'
import { isBinary, isList, isObj, toPlain, unmarked, type Value } from '../../lib/value.js'
import type { ExternalEngine } from '../../runtime/capabilities.js'
import { toText } from '../../runtime/convert.js'
import { argumentText, spreadArguments } from '../direct/argument.js'
import { type SqlToken, tokenizeSql } from '../direct/sql-text.js'
import { tokenizeMysql } from './mysql-text.js'

export interface ExternalStatement {
  text: string
  values: (string | number | Buffer | null)[]
}

interface Dialect {
  tokenize(text: string): SqlToken[]
  parameter(index: number): string
  quoteName(name: string): string
  value(value: Value): string | number | Buffer | null
}

const dialects: Readonly<Record<ExternalEngine, Dialect>> = {
  postgres: {
    tokenize: tokenizeSql,
    parameter: (index) => `$${index}`,
    quoteName: (name) => `"${name.replaceAll('"', '""')}"`,
    value: (value) => (isBinary(value) ? Buffer.from(value) : argumentText(value)),
  },
  mysql: {
    tokenize: tokenizeMysql,
    parameter: () => '?',
    quoteName: (name) => `\`${name.replaceAll('`', '``')}\``,
    value(given) {
      const value = unmarked(given)
      if (value === null || typeof value === 'number') return value
      if (typeof value === 'boolean') return value ? 1 : 0
      if (isBinary(value)) return Buffer.from(value)
      return isList(value) || isObj(value) ? JSON.stringify(toPlain(value)) : toText(value)
    },
  },
}

/** Connections are shared by runs: what changes the connection itself stays out. */
const allowed = new Set(
  'select with values table insert update delete merge replace explain describe desc show call create alter drop truncate comment analyze grant revoke'.split(
    ' ',
  ),
)

/** Throws AppError `input` when placeholders and arguments differ in number, `badRequest` for more than one statement. */
export function buildExternalStatement(engine: ExternalEngine, text: string, args: readonly Value[], rawAllowed: boolean): ExternalStatement {
  const dialect = dialects[engine]
  const tokens = dialect.tokenize(text)
  const left = [...spreadArguments(args, tokens.filter(({ type }) => type === 'placeholder').length)]
  const out: ExternalStatement = { text: '', values: [] }
  const written = tokens.flatMap((token): (SqlToken | { type: 'bound'; value: Value })[] => {
    if (token.type !== 'placeholder') return [token]
    if (left.length === 0) throw inputError('arg', 'The statement has more placeholders than arguments.')
    const value = left.shift() as Value
    if (token.kind === 'value') return [{ type: 'bound', value }]
    if (token.kind === 'name') return [{ type: 'other', text: dialect.quoteName(toText(value)) }]
    if (!rawAllowed) throw rawRefused('?:raw is not allowed on this server.')
    return dialect.tokenize(toText(value)).map((part) => (part.type === 'placeholder' ? { type: 'other', text: '?' } : part))
  })
  if (left.length > 0) throw inputError('arg', 'The statement has fewer placeholders than arguments.')
  while (written.at(-1)?.type === 'semicolon' || written.at(-1)?.type === 'blank') written.pop()
  assertAllowed(written)
  for (const token of written) {
    if (token.type === 'bound') {
      out.values.push(dialect.value(token.value))
      out.text += dialect.parameter(out.values.length)
    } else if (token.type === 'name' || token.type === 'other' || token.type === 'blank') out.text += token.text
  }
  return out
}

function assertAllowed(tokens: readonly (SqlToken | { type: 'bound' })[]): void {
  if (tokens.some((token) => token.type === 'semicolon')) throw badStatement('One statement runs at a time.', 'Use one statement for each.')
  const first = tokens.find((token) => token.type !== 'blank' && !(token.type === 'other' && token.text === '('))
  if (first?.type !== 'name' || !allowed.has(first.text.toLowerCase()))
    throw badStatement('This kind of statement is not run on an external database.', `Begin with one of ${[...allowed].join(', ')}.`)
}

const badStatement = (message: string, hint: string): AppError => fatal(message, { status: 400, code: 'ERROR_CODE_BAD_REQUEST', hint })

/** What puts values into the text of a statement needs the operator's word. */
export const rawRefused = (message: string): AppError =>
  new AppError('accessDenied', message, { hint: 'Use ? and arg, which cannot be misread; the operator allows this by STACKHOLD_DIRECT_QUERY=raw.' })
