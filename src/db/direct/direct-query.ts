/** `db.direct_query`: SQL of a builder, one statement, under a role that reaches the tables of its workspace only. */
import { AppError, fatal, inputError } from '../../errors.js'
import { constantOf } from '../../lang/constant.js'
import { isList, type Value } from '../../lib/value.js'
import type { RecordsAction } from '../../runtime/capabilities.js'
import { toText } from '../../runtime/convert.js'
import type { Frame } from '../../runtime/frame.js'
import { parseJson } from '../../runtime/serialize.js'
import { quote } from '../ddl/names.js'
import { sqlState } from '../failure.js'
import { type CompileContext, valueArgument } from '../records/arguments.js'
import { asDatabaseSession, type DatabaseSession } from '../records/session.js'
import { argumentText, spreadArguments } from './argument.js'
import { type DirectMode, directFunction } from './role.js'
import { type PlaceholderKind, type SqlToken, singleStatement, tokenizeSql } from './sql-text.js'

/** What the operator allows. `raw`: `?:raw` too, which puts values into the text of the statement. */
export type DirectQueryPolicy = CompileContext['directQuery']

export function compileDirectQuery(context: CompileContext): RecordsAction {
  const { directQuery: policy } = context
  const { args } = context.request
  const parserExpr = args.get('parser')
  const parser = parserExpr === undefined ? 'prepared' : constantOf(parserExpr)
  if (parser !== 'prepared' && parser !== 'template_engine' && parser !== null) throw fatal('"parser" must be prepared or template_engine.')
  const sqlOf = valueArgument(context, 'sql', 'code')
  const argsOf = valueArgument(context, 'arg')
  const responseType = valueArgument(context, 'response_type')
  return async (given, frame) => {
    if (policy === 'off')
      throw new AppError('accessDenied', 'db.direct_query is switched off on this server.', {
        hint: 'The operator allows it by STACKHOLD_DIRECT_QUERY=read or write; db.query needs no permission.',
      })
    const session = asDatabaseSession(given)
    const written = sqlOf(frame)
    if (typeof written !== 'string') throw inputError('sql', 'Missing param: sql')
    const text = parser === 'template_engine' ? await fill(context, frame, written, policy) : written
    const rows = await run(session, { text, written }, argumentList(argsOf(frame)), policy, context.findTable)
    return responseType(frame) === 'single' ? (rows[0] ?? null) : rows
  }
}

/** A template puts values into the text of the statement, as `?:raw` does. */
async function fill({ request }: CompileContext, frame: Frame, text: string, policy: DirectQueryPolicy): Promise<string> {
  if (policy !== 'raw')
    throw new AppError('accessDenied', 'Templates as SQL are not allowed on this server.', {
      hint: 'Use ? and arg, which cannot be misread; the operator allows templates by STACKHOLD_DIRECT_QUERY=raw.',
    })
  if (request.fillTemplate === undefined) throw new AppError('unsupported', 'Templates cannot be filled here.')
  return request.fillTemplate(frame, text)
}

const argumentList = (value: Value): Value[] => (isList(value) ? value : value === null ? [] : [value])

interface Statement {
  pieces: string[]
  kinds: ('value' | 'name')[]
  values: (string | null)[]
}

type FindTable = CompileContext['findTable']

/** `written` is the text before a template was filled. */
interface Text {
  text: string
  written: string
}

async function run(
  session: DatabaseSession,
  { text, written }: Text,
  args: readonly Value[],
  policy: DirectQueryPolicy,
  findTable: FindTable,
): Promise<Value[]> {
  const { pieces, kinds, values } = buildStatement(text, args, policy, tableNames(session, findTable))
  const mode: DirectMode = policy === 'read' ? 'read' : 'write'
  await session.ensureDirectRole(mode)
  try {
    return await session.atomically(async (inner) => {
      const { rows } = await inner.run({
        text: `select run::text as row from ${directFunction(inner, mode)}($1, $2, $3, $4) as run`,
        values: [inner.schema, pieces, kinds, values],
        shown: { sql: written, parameters: values.length },
      })
      // Whatever the statement set on this connection ends with it.
      await inner.run({ text: 'reset all', values: [] })
      await inner.run({ text: 'select pg_advisory_unlock_all()', values: [] })
      return rows.map((row) => parseJson(row['row'] as string))
    })
  } catch (error) {
    throw toDirectError(error)
  }
}

type Rename = (token: { text: string; name: string }) => string

function buildStatement(text: string, args: readonly Value[], policy: DirectQueryPolicy, rename: Rename): Statement {
  const tokens = tokenizeSql(text)
  const left = [...spreadArguments(args, tokens.filter(({ type }) => type === 'placeholder').length)]
  const take = (): Value => {
    if (left.length === 0) throw inputError('arg', 'The statement has more placeholders than arguments.')
    return left.shift() as Value
  }
  const written = tokens.flatMap((token): (SqlToken | { type: 'bound'; kind: PlaceholderKind; value: Value })[] => {
    if (token.type !== 'placeholder') return [token]
    const value = take()
    if (token.kind !== 'raw') return [{ type: 'bound', kind: token.kind, value }]
    if (policy !== 'raw')
      throw new AppError('accessDenied', '?:raw is not allowed on this server.', {
        hint: 'Use ? for values and ?:alias for names; the operator allows ?:raw by STACKHOLD_DIRECT_QUERY=raw.',
      })
    return tokenizeSql(toText(value)).map((part) => (part.type === 'placeholder' ? { type: 'other', text: '?' } : part))
  })
  if (left.length > 0) throw inputError('arg', 'The statement has fewer placeholders than arguments.')
  const checked = singleStatement(written.map((token): SqlToken => (token.type === 'bound' ? { type: 'other', text: '?' } : token)))
  const out: Statement = { pieces: [''], kinds: [], values: [] }
  written.slice(0, checked.length).forEach((token) => {
    if (token.type === 'bound') {
      out.kinds.push(token.kind === 'name' ? 'name' : 'value')
      out.values.push(token.kind === 'name' ? toText(token.value) : argumentText(token.value))
      out.pieces.push('')
    } else if (token.type === 'name' || token.type === 'other' || token.type === 'blank') {
      out.pieces[out.pieces.length - 1] += token.type === 'name' ? rename(token) : token.text
    }
  })
  return out
}

/** `x1_book`, `x1_12`, `mvpw1_test_12`: the names of tables in SQL of the original. */
const tableNames =
  (session: DatabaseSession, findTable: FindTable): Rename =>
  ({ text, name }) => {
    const match = new RegExp(`^(?:x|mvpw)${session.workspaceId}_(.+)$`).exec(name)
    const rest = match?.[1]
    if (rest === undefined) return text
    for (const datasource of session.datasources) {
      const prefix = `${datasource}_`
      const table = findTable(rest.startsWith(prefix) ? rest.slice(prefix.length) : '')
      if (table !== undefined) return quote(session.schemaOf(datasource), table)
    }
    // Without a data source the names mean the live one, whatever the current one is.
    const table = findTable(rest)
    return table === undefined ? text : quote(session.schemaOf(session.datasources.includes('live') ? 'live' : session.datasource), table)
  }

/** The builder reads what Postgres says about the statement itself. */
function toDirectError(error: unknown): unknown {
  if (!(error instanceof AppError)) return error
  const { cause } = error
  const state = sqlState(cause)
  if (state !== '42P01' && state !== '3F000' && state !== '42501') return error
  return fatal(`SQL Error: ${cause instanceof Error ? cause.message : ''}`, { cause, hint: 'Only the tables of this workspace can be reached.' })
}
