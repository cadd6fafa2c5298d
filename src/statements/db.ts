/** Database statements. What they mean is built by the records compiler when a stack is compiled; here is what they are called and take. */
import { fatal } from '../errors.js'
import type { RecordsAction, RecordsOperation, RecordsRequest } from '../runtime/capabilities.js'
import { toText } from '../runtime/convert.js'
import { type ArgumentSpec, defineStatement, type StatementSpec, type Step } from '../runtime/define.js'
import type { Completion } from '../runtime/frame.js'
import { compileFill } from './template.js'

const group = 'database'
const tree = (type: string, summary: string, extra: Partial<ArgumentSpec> = {}): ArgumentSpec => ({ type, summary, kind: 'tree', ...extra })

const where = tree('query expression', 'Condition on the rows.', { aliases: ['search'] })
const output = tree('text[]', 'Columns to keep; dotted paths allowed.')
const addon = tree('object[]', 'Enriches every record.')
const lock = tree('bool', 'Locks the rows until the transaction ends.')
const data = tree('object', 'Column values.', { required: true })
const fieldName = tree('text', 'Column of the look-up, normally id.', { required: true })
const fieldValue = tree('any', 'Value the column must equal.', { required: true })
const items = tree('object[]', 'The records.', { required: true, aliases: ['data'] })
const hidden = tree('bool', 'Accepted: the keys of `data` alone decide which columns are written.')
const keyed = { field_name: fieldName, field_value: fieldValue }

interface Operation {
  operation: RecordsOperation
  summary: string
  args: Record<string, ArgumentSpec>
  result?: string
  aliases?: string[]
  example: string
}

const hasTable = (operation: RecordsOperation): boolean => operation !== 'direct_query'

const requestOf = (operation: RecordsOperation, step: Step): RecordsRequest => ({
  operation,
  ...(hasTable(operation) ? { table: step.headName() } : {}),
  args: step.trees(),
  compileValue: (expr) => step.compileValue(expr),
  compileBound: (expr, name) => step.compileBound(expr, name),
  warn: (message, hint) => step.warn(message, hint),
  ...(step.has('parser') ? { fillTemplate: compileFill(step) } : {}),
  addon(name) {
    const { step: inner, enter } = step.inline('addon', name)
    const kind = inner.statement.name.replace(/^db\./, '')
    if (kind !== 'query' && kind !== 'get') throw fatal(`The addon "${name}" must be a db.query or a db.get.`)
    if (inner.headName() === '') throw new TableGone(kind)
    return { request: requestOf(kind, inner), enter }
  },
})

/** `db.query ""`, also in an addon: its table is gone. Stored as it is, an error when it is reached. */
class TableGone extends Error {
  constructor(operation: RecordsOperation) {
    super(`db.${operation} needs the name of a table.`)
  }
}

/** The records action; instead of one whose table is gone, something that says so when it is reached. */
function actionOf(operation: RecordsOperation, step: Step): RecordsAction {
  try {
    if (hasTable(operation) && step.headName() === '') throw new TableGone(operation)
    return step.workspace.records.compile(requestOf(operation, step))
  } catch (error) {
    if (!(error instanceof TableGone)) throw error
    return () => Promise.reject(fatal(error.message, { hint: 'Name the table.' }))
  }
}

/** A statement `db.<operation>`. `direct_query` names no table. */
function records({ operation, summary, args, result, aliases, example }: Operation): StatementSpec {
  return {
    name: `db.${operation}`,
    ...(aliases ? { aliases } : {}),
    group,
    summary,
    ...(hasTable(operation) ? { head: { kind: 'name', summary: 'Name of the table.' } as const } : {}),
    args,
    ...(result === undefined ? {} : { result }),
    examples: [example],
    compile(step) {
      const action = actionOf(operation, step)
      const { passThrough } = action
      const passes = passThrough === undefined ? () => false : step.passesThrough()
      const streams = action.stream === undefined ? () => false : step.onlyIterated()
      return {
        async: true,
        async run(frame) {
          if (action.stream !== undefined && streams()) {
            step.store(frame, action.stream(frame.run.records, frame))
            return undefined
          }
          const chosen = passThrough !== undefined && passes(frame) ? passThrough : action
          step.store(frame, await chosen(frame.run.records, frame))
          return undefined
        },
      }
    },
  }
}

const operations: Operation[] = [
  {
    operation: 'query',
    summary: 'Reads rows: a list, a page, one row, a count, whether any exist, or aggregates.',
    args: {
      where,
      additional_where: tree('json', 'Filter given as JSON, added to the condition.'),
      join: tree('object', 'Joined tables by alias: {table, type, where}.'),
      eval: tree('object', 'Computed columns by name.'),
      sort: tree('object', 'Columns with asc, desc or rand, in order.'),
      override_sort: tree('object[]', 'Sorting given by the caller: {sortBy, orderBy}.'),
      override_paging: tree('object', 'Paging given by the caller.'),
      return: tree('object', 'Type of the result: list, single, count, exists, stream (a list that foreach reads as it goes), aggregate; paging; distinct.'),
      output,
      addon,
      lock,
    },
    result: 'List of rows, page envelope, row, count or bool, as `return` says.',
    example: 'db.query "book" {\n  where = $db.book.author_id == $input.author_id\n  sort = {title: "asc"}\n  return = {type: "list"}\n} as $books',
  },
  {
    operation: 'get',
    summary: 'Reads the first row whose column equals a value.',
    args: { ...keyed, output, addon, lock },
    result: 'The row, or null.',
    example: 'db.get "user" {\n  field_name = "id"\n  field_value = $auth.id\n} as $user',
  },
  {
    operation: 'has',
    summary: 'Whether a row has that value in that column.',
    args: keyed,
    result: 'A bool.',
    example: 'db.has "user" {\n  field_name = "email"\n  field_value = $input.email\n} as $taken',
  },
  {
    operation: 'add',
    summary: 'Inserts a row.',
    args: { data, output, addon, enforce_hidden_fields: hidden },
    result: 'The inserted row.',
    example: 'db.add "tag" {\n  data = {name: $input.name}\n} as $tag',
  },
  {
    operation: 'edit',
    summary: 'Changes the given columns of a row; 404 when there is none.',
    args: { ...keyed, data, output, addon, enforce_hidden_fields: hidden },
    result: 'The changed row.',
    example: 'db.edit "tag" {\n  field_name = "id"\n  field_value = $input.id\n  data = {name: "x"}\n} as $tag',
  },
  {
    operation: 'patch',
    summary: 'Changes the columns that a computed object holds; 404 when there is no such row.',
    args: { ...keyed, data, output, addon, enforce_hidden_fields: hidden },
    result: 'The changed row.',
    example: 'db.patch "tag" {\n  field_name = "id"\n  field_value = $input.id\n  data = $changes\n} as $tag',
  },
  {
    operation: 'add_or_edit',
    summary: 'Changes the row with that value, or inserts one.',
    args: { ...keyed, data, output, addon, enforce_hidden_fields: hidden },
    result: 'The row.',
    example: 'db.add_or_edit "setting" {\n  field_name = "key"\n  field_value = "theme"\n  data = {key: "theme", value: "dark"}\n} as $setting',
  },
  {
    operation: 'del',
    summary: 'Deletes a row; 404 when there is none.',
    aliases: ['db.delete'],
    args: keyed,
    result: 'null',
    example: 'db.del "tag" {\n  field_name = "id"\n  field_value = $input.id\n}',
  },
  { operation: 'count', summary: 'Counts rows.', args: { where }, result: 'An int.', example: 'db.count "tag" {\n  where = $db.tag.active == true\n} as $n' },
  {
    operation: 'truncate',
    summary: 'Deletes all rows of a table.',
    args: { reset: tree('bool', 'Also restarts the ids.') },
    example: 'db.truncate "log" { reset = true }',
  },
  {
    operation: 'increment',
    summary: 'Adds to a number column of all rows that match, in one step.',
    args: {
      where: { ...where, required: true },
      field_name: fieldName,
      value: tree('number', 'What is added; may be negative.', { required: true }),
      return_type: tree('enum list|count', 'Rows, or how many.'),
      output,
      addon,
    },
    result: 'The changed rows, or how many.',
    example: 'db.increment "item" {\n  where = $db.item.id == $input.id\n  field_name = "stock"\n  value = -1\n} as $rows',
  },
  {
    operation: 'bulk.add',
    summary: 'Inserts many rows.',
    args: { items, allow_id_field: tree('bool', 'Keeps the ids given.') },
    result: 'The inserted rows.',
    example: 'db.bulk.add "tag" { items = $rows } as $tags',
  },
  {
    operation: 'bulk.update',
    summary: 'Replaces many rows by their ids.',
    args: { items },
    result: 'The changed rows.',
    example: 'db.bulk.update "tag" { items = $rows } as $tags',
  },
  {
    operation: 'bulk.patch',
    summary: 'Changes the given columns of many rows by their ids.',
    args: { items },
    result: 'The changed rows.',
    example: 'db.bulk.patch "tag" { items = $rows } as $tags',
  },
  {
    operation: 'bulk.delete',
    summary: 'Deletes all rows that match.',
    args: { where: { ...where, required: true } },
    result: 'How many rows were deleted.',
    example: 'db.bulk.delete "session" {\n  where = $db.session.expires_at < now\n} as $n',
  },
  {
    operation: 'direct_query',
    summary: 'Runs SQL of your own; arguments are bound to the `?`.',
    args: {
      sql: tree('text', 'The statement.', { required: true, aliases: ['code'] }),
      response_type: tree('enum list|single', 'All rows, or the first.'),
      arg: tree('any', 'One per `?`, in order.', { repeat: true }),
      parser: tree('enum prepared|template_engine', 'How the text is read.'),
    },
    result: 'Rows, or one row or null.',
    example: 'db.direct_query {\n  sql = "select 1 as n where 1 = ?"\n  response_type = "single"\n  arg = 1\n} as $row',
  },
  {
    operation: 'schema',
    summary: 'Describes a table or one of its columns.',
    args: { path: tree('text', 'Column; absent = the whole table.') },
    result: 'The description.',
    example: 'db.schema "user" as $schema',
  },
]

const transaction: StatementSpec = {
  name: 'db.transaction',
  group,
  summary: 'Database statements inside happen together or not at all; an error undoes them.',
  args: { isolation: { type: 'text', summary: 'Isolation level; the default of the database when absent.' } },
  blocks: { stack: { summary: 'The statements.', required: true } },
  examples: ['db.transaction {\n  stack {\n    db.add "a" {\n      data = {}\n    }\n  }\n}'],
  compile(step) {
    const body = step.body('stack')
    const isolation = step.constant('isolation')
    const options = typeof isolation === 'string' ? { isolation } : undefined
    return { async: true, run: (frame) => frame.run.records.transaction(async (): Promise<Completion> => body.run(frame), options) }
  },
}

const setDatasource = defineStatement({
  name: 'db.set_datasource',
  group,
  summary: 'Chooses the data source of all database statements that follow.',
  args: { value: { type: 'text', summary: 'Name of the data source.', required: true } },
  examples: ['db.set_datasource { value = "test" }'],
  run({ value }, { run }) {
    const name = toText(value ?? null)
    if (name === '') throw fatal('db.set_datasource needs the name of a data source.')
    run.records.setDatasource(name)
    return null
  },
})

export const databaseStatements = [...operations.map(records), transaction, setDatasource]
