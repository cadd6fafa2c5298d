/** SQL on databases of others, reached by a connection string. */
import { AppError, fatal, inputError } from '../errors.js'
import { isList, type Value } from '../lib/value.js'
import type { ExternalEngine } from '../runtime/capabilities.js'
import { toText } from '../runtime/convert.js'
import type { StatementSpec } from '../runtime/define.js'
import type { Frame } from '../runtime/frame.js'
import { noteSql, type SqlFact } from '../runtime/trace.js'
import { compileFill } from './template.js'

interface Product {
  name: string
  label: string
  /** Null: its statements are read and kept, and do not run. */
  engine: ExternalEngine | null
  scheme: string
}

const products: readonly Product[] = [
  { name: 'postgres', label: 'PostgreSQL', engine: 'postgres', scheme: 'postgres' },
  { name: 'mysql', label: 'MySQL or MariaDB', engine: 'mysql', scheme: 'mysql' },
  { name: 'mssql', label: 'Microsoft SQL Server', engine: null, scheme: 'mssql' },
  { name: 'oracle', label: 'Oracle', engine: null, scheme: 'oracle' },
  { name: 'snowflake', label: 'Snowflake', engine: null, scheme: 'snowflake' },
]

const argumentList = (value: Value): Value[] => (isList(value) ? value : value === null ? [] : [value])

/** Notes the statement when the run is traced. */
async function traced({ run: { trace } }: Frame, shown: Pick<SqlFact, 'sql' | 'parameters'>, query: () => Promise<Value[]>): Promise<Value[]> {
  if (trace === null) return query()
  const started = performance.now()
  const tell = (rows: number, failed: { failed?: true } = {}): void => noteSql(trace, { ...shown, milliseconds: performance.now() - started, rows, ...failed })
  try {
    const rows = await query()
    tell(rows.length)
    return rows
  } catch (error) {
    tell(0, { failed: true })
    throw error
  }
}

/** `db.external.<product>.direct_query`. */
function externalQuery({ name, label, engine, scheme }: Product): StatementSpec {
  return {
    name: `db.external.${name}.direct_query`,
    group: 'database',
    summary:
      engine === null
        ? `Runs SQL on an external ${label} database. Stored, but not run by this server.`
        : `Runs SQL on an external ${label} database; arguments are bound to the \`?\`. Only public addresses and those of STACKHOLD_EGRESS_ALLOW are reached.`,
    args: {
      sql: { type: 'text', summary: 'The statement.', required: true, aliases: ['code'] },
      connection_string: { type: 'text', summary: `URL with credentials: ${scheme}://user:password@host/database?sslmode=require.`, required: true },
      response_type: { type: 'enum list|single', summary: 'All rows, or the first.' },
      arg: { type: 'any', summary: 'One per `?`, in order.', repeat: true },
      parser: { type: 'enum prepared|template_engine', summary: 'How the text is read.' },
    },
    result: 'Rows, or one row or null.',
    examples: [
      `db.external.${name}.direct_query {\n  sql = "select name from customer where id = ?"\n  response_type = "single"\n  connection_string = $env.DB_URL\n  arg = 1\n} as $row`,
    ],
    compile(step) {
      const sqlOf = step.value('sql')
      const connectionOf = step.value('connection_string')
      const argsOf = step.value('arg')
      const typeOf = step.value('response_type')
      const parser = step.constant('parser')
      if (parser !== undefined && parser !== null && parser !== 'prepared' && parser !== 'template_engine')
        throw fatal('"parser" must be prepared or template_engine.')
      const fill = parser === 'template_engine' ? compileFill(step) : null
      return {
        async: true,
        async run(frame) {
          if (engine === null)
            throw new AppError('unsupported', `External ${label} databases cannot be queried yet.`, { hint: 'PostgreSQL, MySQL and MariaDB can.' })
          const { external, budget } = frame.run
          if (external === undefined) throw fatal('External databases cannot be queried here: this run was given none.')
          const written = sqlOf(frame)
          if (typeof written !== 'string' || written === '') throw inputError('sql', 'Missing param: sql')
          const connectionString = connectionOf(frame)
          if (typeof connectionString !== 'string' || connectionString === '') throw inputError('connection_string', 'Missing param: connection_string')
          if (fill !== null) external.assertTemplates()
          const sql = fill === null ? written : await fill(frame, written)
          const milliseconds = budget.limits.maxMilliseconds - (performance.now() - budget.startedAt)
          const args = argumentList(argsOf(frame))
          const rows = await traced(frame, { sql: written, parameters: args.length }, () =>
            external.query({ engine, connectionString, sql, args, milliseconds }),
          )
          step.store(frame, toText(typeOf(frame)) === 'single' ? (rows[0] ?? null) : rows)
          return undefined
        },
      }
    },
  }
}

export const externalDatabaseStatements = products.map(externalQuery)
