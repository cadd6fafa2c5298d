/** The database statements of function stacks: compiled once, run on a session. */

import type { TableModel } from '../definitions/table.js'
import { fieldToJson } from '../definitions/table-json.js'
import { fatal } from '../errors.js'
import { didYouMean } from '../lang/suggest.js'
import { fromPlain } from '../lib/value.js'
import type { RecordsAction, RecordsCompiler, RecordsOperation, RecordsSession, Vault } from '../runtime/capabilities.js'
import type { SqlFace } from '../runtime/define.js'
import type { Frame } from '../runtime/frame.js'
import type { Database } from './client.js'
import { namedViews, viewModel } from './ddl/views.js'
import { compileDirectQuery, type DirectQueryPolicy } from './direct/direct-query.js'
import { compileAdd } from './records/add.js'
import { compileAddOrEdit } from './records/add-or-edit.js'
import { type CompileContext, headTable, valueArgument } from './records/arguments.js'
import { compileBulkAdd, compileBulkDelete, compileBulkPatch, compileBulkUpdate, compileIncrement, compileTruncate } from './records/bulk.js'
import { compileDel, compileGet, compileHas } from './records/by-key.js'
import { compileEdit } from './records/edit.js'
import { compileCount, compileQuery } from './records/query.js'
import { asDatabaseSession, DatabaseSession, type RecordsSessionOptions } from './records/session.js'
import { tableInfo } from './table-info.js'

export type { DirectQueryPolicy } from './direct/direct-query.js'
export type { RecordsSessionOptions, StatementFact } from './records/session.js'

export interface RecordsCompilerOptions {
  /** The query face of a filter; absent = filters on columns are refused. */
  lookupSqlFilter?(name: string): SqlFace | undefined
  /** Whether a filter exists in queries only; absent = none does. */
  isQueryOnly?(name: string): boolean
  /** Key of the encrypted columns of the workspace. */
  vault?: Vault
  /** What `db.direct_query` may do; default off. */
  directQuery?: DirectQueryPolicy
}

const operations: Readonly<Record<RecordsOperation, (context: CompileContext) => RecordsAction>> = {
  query: compileQuery,
  get: compileGet,
  has: compileHas,
  add: compileAdd,
  edit: compileEdit,
  patch: compileEdit,
  add_or_edit: compileAddOrEdit,
  del: compileDel,
  count: compileCount,
  truncate: compileTruncate,
  increment: compileIncrement,
  'bulk.add': compileBulkAdd,
  'bulk.update': compileBulkUpdate,
  'bulk.patch': compileBulkPatch,
  'bulk.delete': compileBulkDelete,
  schema: compileSchema,
  direct_query: compileDirectQuery,
}

const readers: ReadonlySet<RecordsOperation> = new Set(['query', 'get', 'has', 'count', 'schema'])

/** Compiles statements over the tables of a workspace, and their views. */
export function createRecordsCompiler(tables: ReadonlyMap<string, TableModel>, options: RecordsCompilerOptions = {}): RecordsCompiler {
  const lookup: CompileContext['table'] = (name) => {
    const model = tables.get(name) ?? views.get(name)
    if (model === undefined) throw fatal(`Unknown table: ${name}`, { hint: didYouMean(name, tables.keys()) ?? 'Push the table before the stack that uses it.' })
    return tableInfo(model, options.vault)
  }
  const views = new Map([...tables.values()].flatMap((model) => namedViews(model).map((view) => [view.alias, viewModel(model, view)] as const)))
  const viewed = new Map([...tables.values()].flatMap((model) => namedViews(model).map((view) => [view.alias, model] as const)))
  const lookupSqlFilter = options.lookupSqlFilter ?? ((): undefined => undefined)
  const findTable: CompileContext['findTable'] = (nameOrId) =>
    tables.has(nameOrId) ? nameOrId : [...tables.values()].find((model) => String(model.id) === nameOrId)?.name
  const directQuery = options.directQuery ?? 'off'
  const isQueryOnly = options.isQueryOnly ?? ((): boolean => false)
  return {
    compile(request) {
      if (views.has(request.table ?? '') && !tables.has(request.table ?? '') && !readers.has(request.operation))
        throw fatal(`"${request.table ?? ''}" is a view: it can be read only.`, { hint: 'Write to its table.' })
      let ruled = false
      const table: CompileContext['table'] = (name) => {
        ruled ||= (tables.get(name) ?? viewed.get(name))?.rules !== undefined
        return lookup(name)
      }
      const action = operations[request.operation]({ request, table, lookupSqlFilter, isQueryOnly, findTable, addons: [], directQuery })
      return ruled ? onBehalf(action, tables) : action
    },
  }
}

/** A statement that reaches a table with rules: Postgres is told who calls. */
function onBehalf(action: RecordsAction, tables: ReadonlyMap<string, TableModel>): RecordsAction {
  const as = (session: RecordsSession, { run: { caller } }: Frame): DatabaseSession =>
    asDatabaseSession(session).onBehalfOf({ caller, account: caller.table === null ? undefined : tables.get(caller.table) })
  const guarded: RecordsAction = (session, frame) => action(as(session, frame), frame)
  const { passThrough } = action
  return passThrough === undefined
    ? guarded
    : Object.assign(guarded, { passThrough: ((session, frame) => passThrough(as(session, frame), frame)) as RecordsAction })
}

/** A session for one run. Throws `inputError` for an unknown data source. */
export const createRecordsSession = (database: Database, options: RecordsSessionOptions): RecordsSession => new DatabaseSession(database, options)

/** `db.schema`: the columns of a table, or one of them, in the form of the Metadata API. */
function compileSchema(context: CompileContext): RecordsAction {
  const { model } = headTable(context)
  const names = { idOf: () => undefined, nameOf: () => undefined }
  const describe = model.columns.map((column) => fromPlain(fieldToJson(column.field, names)))
  const path = valueArgument(context, 'path')
  return async (_session, frame) => {
    const wanted = path(frame)
    if (wanted === null || wanted === '') return describe
    const at = model.columns.findIndex((column) => column.name === wanted)
    if (at < 0)
      throw fatal(`Table "${model.name}" has no column "${String(wanted)}".`, {
        hint:
          didYouMean(
            String(wanted),
            model.columns.map((column) => column.name),
          ) ?? 'Use the name of a column.',
      })
    return describe[at] ?? null
  }
}
