/** What a builder and a caller are told when Postgres refuses a statement. */
import { AppError, fatal, inputError } from '../../errors.js'
import { sqlState } from '../failure.js'

interface PostgresError {
  message: string
  detail?: string
  column?: string
  table?: string
  constraint?: string
  hint?: string
}

const asPostgres = (error: unknown): PostgresError => error as PostgresError

/** Columns named by `Key (a, b)=(1, 2) already exists.`; the values are left out on purpose. */
function keyColumns(error: PostgresError): string[] {
  const match = /^Key \((.+?)\)=/s.exec(error.detail ?? '')
  return match?.[1]?.split(', ').map((name) => name.replace(/^"(.*)"$/s, '$1').replaceAll('""', '"')) ?? []
}

function duplicate(error: PostgresError, cause: unknown): AppError {
  const columns = keyColumns(error)
  const named = columns.length === 0 ? '' : ` Please provide a unique value for: ${columns.join(', ')}`
  return fatal(`Duplicate record detected.${named}`, {
    payload: columns.length === 0 ? '' : { param: columns.join(',') },
    cause,
    hint: 'A row with this value exists; read it first or use db.add_or_edit.',
  })
}

const kept = (cause: unknown, hint?: string) => ({ cause, detail: asPostgres(cause).message, ...(hint === undefined ? {} : { hint }) })

type Translate = (error: PostgresError, cause: unknown) => AppError

const translations: Readonly<Record<string, Translate>> = {
  '23505': duplicate,
  '23502': ({ column = '' }) => inputError(column, `Missing param: ${column}`),
  '23503': (error) => inputError(keyColumns(error)[0] ?? '', `Input "${keyColumns(error)[0] ?? ''}" refers to a row that does not exist.`),
  '23514': ({ constraint = '' }) =>
    inputError(constraint.replace(/_enum$/, ''), `Input "${constraint.replace(/_enum$/, '')}" is not one of the allowable values.`),
  '42501': ({ message }, cause) =>
    /row-level security|^column rule/.test(message)
      ? new AppError('accessDenied', 'The rules of the table do not allow this row.', kept(cause))
      : fatal(`SQL Error: ${message}`, kept(cause)),
  '22003': (_error, cause) => new AppError('input', 'A number is beyond the range of its column.', kept(cause)),
  '22021': (_error, cause) => new AppError('input', 'A text contains characters that the database cannot hold.', kept(cause)),
  '22P05': (_error, cause) => new AppError('input', 'A text contains characters that the database cannot hold.', kept(cause)),
  '54000': (_error, cause) => new AppError('input', 'A value is too large for an index of its column.', kept(cause)),
  '2201B': (error, cause) => new AppError('badRequest', `The regular expression is not valid: ${error.message}`, kept(cause)),
  '22025': (_error, cause) => new AppError('badRequest', 'The pattern of like ends with a lone backslash.', kept(cause)),
  '57014': (_error, cause) => fatal('SQL Error: the statement took too long and was cancelled.', kept(cause, 'Add an index or read fewer rows.')),
  '55P03': (_error, cause) => fatal('SQL Error: a lock was not available in time.', kept(cause, 'Another transaction holds the rows; try again.')),
  '40001': (_error, cause) =>
    fatal('SQL Error: the transaction was undone because another one changed the same rows.', kept(cause, 'Run the transaction again.')),
  '40P01': (_error, cause) =>
    fatal(
      'SQL Error: the transaction was undone because it and another one waited for each other.',
      kept(cause, 'Run the transaction again; change rows in the same order everywhere.'),
    ),
  '25P02': (_error, cause) =>
    fatal(
      'SQL Error: an earlier statement of this transaction failed, so nothing more can run in it.',
      kept(cause, 'Let the error leave db.transaction, or put the risky statement into a db.transaction of its own inside.'),
    ),
}

/** The error of a failed statement. Errors of ours and a lost database pass through. */
export function toRecordsError(error: unknown): unknown {
  if (error instanceof AppError) return error
  const state = sqlState(error)
  const translate = translations[state]
  if (translate !== undefined) return translate(asPostgres(error), error)
  if (!/^[0-9A-Z]{5}$/.test(state)) return error
  if (state === '3F000' || state === '42P01')
    return fatal('SQL Error: the table has no storage in this data source.', kept(error, 'Push the table again, or check the name of the data source.'))
  return fatal(`SQL Error: ${asPostgres(error).message}`, kept(error))
}
