/** Tables: list, read, make, change, delete, and their columns and indexes one by one. */
import { z } from 'zod'
import { readAttributes } from '../../definitions/attributes.js'
import { readTable } from '../../definitions/read-table.js'
import type { IndexModel } from '../../definitions/table.js'
import {
  fieldFromJson,
  fieldToJson,
  indexFromJson,
  indexId,
  indexToJson,
  schemaToJson,
  type TableNames,
  tableFromJson,
  withSchema,
} from '../../definitions/table-json.js'
import { AppError, inputError } from '../../errors.js'
import type { Definition, Field } from '../../lang/tree.js'
import { indexStates, type TableIndexStatus } from '../../workspace/indexes.js'
import type { DefinitionRow } from '../../workspace/store.js'
import { contextOf, findRow, type ObjectContext, type ObjectResource, objectRoutes, saveObject } from './logic-object.js'
import { renameColumn } from './rename-column.js'
import type { MetaCall, MetaRoute } from './route.js'

const tableBody = z
  .object({
    name: z.string().min(1).max(63),
    description: z.string().optional(),
    auth: z.boolean().optional(),
    schema: z.array(z.unknown()).optional(),
    index: z.array(z.unknown()).optional(),
  })
  .loose()
const tableUpdate = tableBody.partial({ name: true })

/** Ids and names of the tables around. */
export const namesOf = ({ rows }: Pick<ObjectContext, 'rows'>): TableNames => {
  const tables = rows.filter((row) => row.kind === 'table')
  return { idOf: (name) => tables.find((row) => row.name === name)?.id, nameOf: (id) => tables.find((row) => row.id === id)?.name }
}

export const tableResource: ObjectResource = {
  kind: 'table',
  path: 'table',
  area: 'database',
  sort: 'name',
  fromJson: (body, before, context) => (before === null ? newTable(body, context) : changedTable(body, before, context)),
  toJson: (row, context) => ({
    auth: readAttributes(row.definition).bool('auth', false),
    schema: schemaToJson(row.definition, namesOf(context)),
    index: indexesJson(row, context),
  }),
  prepare: async (context) => void statesOf.set(context, await indexStates(context.call.deps.db, context.call.workspaceId)),
}

/** How indexes stand, as read for an answer. */
const statesOf = new WeakMap<ObjectContext, ReadonlyMap<string, TableIndexStatus>>()

/** The indexes of a table, each with its `state`: ready, building, missing, failed or unsupported; the last two with the `problem`. */
function indexesJson(row: DefinitionRow, context: ObjectContext): object[] {
  const states = statesOf.get(context)
  return indexesOf(row).map((index) => ({ ...indexToJson(index), ...(states?.get(`${row.id} ${indexId(index)}`) ?? { state: 'ready' }) }))
}

function newTable(body: Record<string, unknown>, context: ObjectContext): Definition {
  const parsed = tableBody.safeParse(body)
  if (!parsed.success)
    throw inputError(
      parsed.error.issues[0]?.path.join('.') ?? '',
      `"${parsed.error.issues[0]?.path.join('.') ?? ''}": ${parsed.error.issues[0]?.message ?? ''}`,
    )
  const { name, description, auth, schema, index } = parsed.data
  return tableFromJson(
    { name, schema, index, ...(description === undefined ? {} : { description }), ...(auth === undefined ? {} : { auth }) },
    namesOf(context),
  )
}

function changedTable(body: Record<string, unknown>, before: Definition, context: ObjectContext): Definition {
  const parsed = tableUpdate.safeParse(body)
  if (!parsed.success) throw inputError('', parsed.error.issues[0]?.message ?? '')
  const { auth, schema, index } = parsed.data
  const indexes = index === undefined ? modelIndexes(before) : index.map((one) => indexFromJson(one, before.schema ?? []))
  const fields = schema === undefined ? (before.schema ?? []) : fieldsFromJson(schema, before.schema ?? [], namesOf(context))
  const definition = withSchema(before, fields, indexes)
  if (auth === undefined) return definition
  return {
    ...definition,
    attributes: [
      { name: 'auth', value: { type: 'constant', name: auth ? 'true' : 'false' } },
      ...definition.attributes.filter((attribute) => attribute.name !== 'auth'),
    ],
  }
}

/** A whole schema: what is not mentioned of a column that stays is kept. */
function fieldsFromJson(schema: readonly unknown[], before: readonly Field[], names: TableNames): Field[] {
  const fields = schema.map((field, i) =>
    fieldFromJson(
      field,
      names,
      before.find((old) => old.name === (field as { name?: unknown } | null)?.name),
      `schema[${i}]`,
    ),
  )
  if (fields[0]?.name !== 'id') throw new AppError('input', 'First schema entry must be the Primary key.', { payload: { param: 'schema' } })
  return fields
}

const modelIndexes = (definition: Definition): IndexModel[] => readTable(definition, 0, '').table.indexes
const indexesOf = (row: DefinitionRow): IndexModel[] => modelIndexes(row.definition)

interface Found {
  context: ObjectContext
  row: DefinitionRow
  fields: Field[]
}

/** The table of the path. */
export async function findTable(call: MetaCall): Promise<Found> {
  const context = await contextOf(call, call.id('id'))
  const row = findRow(tableResource, context, call.id('id'))
  return { context, row, fields: row.definition.schema ?? [] }
}

const save = ({ context, row }: Found, definition: Definition): Promise<Record<string, unknown>> =>
  saveObject(tableResource, context, { definition, source: null, rowId: row.id })

const path = '/workspace/:workspace_id/table/:id'
const area = 'database' as const

async function addColumn(call: MetaCall, type: string | undefined): Promise<unknown> {
  const found = await findTable(call)
  const json = call.json(z.record(z.string(), z.unknown()))
  const field = fieldFromJson(type === undefined ? json : { ...json, type }, namesOf(found.context))
  if (found.fields.some((column) => column.name === field.name)) throw new AppError('conflict', `The table has a column "${field.name}" already.`)
  await save(found, withSchema(found.row.definition, [...found.fields, field], indexesOf(found.row)))
  return { name: field.name }
}

async function addIndex(call: MetaCall, type: string | undefined): Promise<unknown> {
  const found = await findTable(call)
  const index = indexFromJson(call.json(z.record(z.string(), z.unknown())), found.fields, type)
  const indexes = indexesOf(found.row)
  if (indexes.some((other) => indexId(other) === indexId(index))) throw new AppError('conflict', 'The table has this index already.')
  await save(found, withSchema(found.row.definition, found.fields, [...indexes, index]))
  return { id: indexId(index) }
}

const schemaRoutes: readonly MetaRoute[] = [
  {
    method: 'GET',
    path: `${path}/schema`,
    area,
    async handle(call) {
      const { context, row } = await findTable(call)
      return schemaToJson(row.definition, namesOf(context))
    },
  },
  {
    method: 'PUT',
    path: `${path}/schema`,
    area,
    async handle(call) {
      const found = await findTable(call)
      const body = call.json(z.union([z.array(z.unknown()), z.object({ schema: z.array(z.unknown()) })]))
      const fields = fieldsFromJson(Array.isArray(body) ? body : body.schema, found.fields, namesOf(found.context))
      const kept = indexesOf(found.row).filter((index) => index.fields.every(({ name }) => fields.some((field) => field.name === name)))
      const saved = await save(found, withSchema(found.row.definition, fields, kept))
      return saved['schema']
    },
  },
  {
    method: 'GET',
    path: `${path}/schema/:name`,
    area,
    async handle(call) {
      const { context, fields } = await findTable(call)
      const field = fields.find((column) => column.name === call.param('name'))
      if (field === undefined) throw new AppError('notFound', `The table has no column "${call.param('name')}".`)
      return fieldToJson(field, namesOf(context))
    },
  },
  {
    method: 'DELETE',
    path: `${path}/schema/:name`,
    area,
    async handle(call) {
      const found = await findTable(call)
      const name = call.param('name')
      if (!found.fields.some((column) => column.name === name)) throw new AppError('notFound', `The table has no column "${name}".`)
      if (name === 'id') throw new AppError('badRequest', 'The primary key cannot be deleted.')
      const kept = indexesOf(found.row).filter((index) => index.fields.every((field) => field.name !== name))
      await save(
        found,
        withSchema(
          found.row.definition,
          found.fields.filter((column) => column.name !== name),
          kept,
        ),
      )
      return null
    },
  },
  { method: 'POST', path: `${path}/schema`, area, handle: async (call) => addColumn(call, undefined) },
  { method: 'POST', path: `${path}/schema/type/:type`, area, handle: async (call) => addColumn(call, call.param('type')) },
  { method: 'POST', path: `${path}/schema/rename`, area, handle: async (call) => renameColumn(call, await findTable(call)) },
]

const indexRoutes: readonly MetaRoute[] = [
  {
    method: 'GET',
    path: `${path}/index`,
    area,
    async handle(call) {
      const { context, row } = await findTable(call)
      await tableResource.prepare?.(context)
      return indexesJson(row, context)
    },
  },
  {
    method: 'PUT',
    path: `${path}/index`,
    area,
    async handle(call) {
      const found = await findTable(call)
      const body = call.json(z.union([z.array(z.unknown()), z.object({ index: z.array(z.unknown()) })]))
      const indexes = (Array.isArray(body) ? body : body.index).map((index) => indexFromJson(index, found.fields))
      const saved = await save(found, withSchema(found.row.definition, found.fields, indexes))
      return saved['index']
    },
  },
  { method: 'POST', path: `${path}/index`, area, handle: async (call) => addIndex(call, undefined) },
  { method: 'POST', path: `${path}/index/:type`, area, handle: async (call) => addIndex(call, call.param('type')) },
  {
    method: 'DELETE',
    path: `${path}/index/:index_id`,
    area,
    async handle(call) {
      const found = await findTable(call)
      const indexes = indexesOf(found.row)
      const kept = indexes.filter((index) => indexId(index) !== call.param('index_id'))
      if (kept.length === indexes.length) throw new AppError('notFound', 'The table has no such index.')
      await save(found, withSchema(found.row.definition, found.fields, kept))
      return null
    },
  },
]

const metaRoute: MetaRoute = {
  method: 'PUT',
  path: `${path}/meta`,
  area,
  async handle(call) {
    const found = await findTable(call)
    const { name, description, auth, tag } = call.json(
      z
        .object({ name: z.string().min(1).optional(), description: z.string().optional(), auth: z.boolean().optional(), tag: z.array(z.string()).optional() })
        .loose(),
    )
    const definition = changedTable(auth === undefined ? {} : { auth }, found.row.definition, found.context)
    const tags =
      tag === undefined
        ? definition.attributes
        : [
            ...definition.attributes.filter((attribute) => attribute.name !== 'tags'),
            { name: 'tags', value: { type: 'list' as const, items: tag.map((value) => ({ type: 'text' as const, value })) } },
          ]
    await save(found, { ...definition, attributes: tags, ...(name === undefined ? {} : { name }), ...(description === undefined ? {} : { description }) })
    return {}
  },
}

export const tableRoutes: readonly MetaRoute[] = [...objectRoutes(tableResource), ...schemaRoutes, ...indexRoutes, metaRoute]
