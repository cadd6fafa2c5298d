/** Tables in the JSON of the Metadata API: fields and indexes, both ways. */
import { createHash } from 'node:crypto'
import { AppError } from '../errors.js'
import { descriptionOf, enumValues, isRequired, linkedTable, optionText, optionValue } from '../fields/field-options.js'
import { findFieldType } from '../fields/index.js'
import type { Attribute, Definition, Expr, Field, InputFilter, ObjectEntry } from '../lang/tree.js'
import { fromPlain, isObj, type Json } from '../lib/value.js'
import { literalOf, plainConstantOf } from './constant.js'
import { readIndex } from './read-table.js'
import type { IndexModel, TableModel, ViewModel } from './table.js'

/** A column as the Metadata API speaks it; only name and type are required when it comes in. */
export interface FieldJson {
  name: string
  type: string
  description: string
  nullable: boolean
  default: Json
  required: boolean
  access: 'public' | 'private' | 'internal'
  sensitive: boolean
  /** Absent for columns at rest as they are. */
  encrypted?: true
  style: 'single' | 'list'
  /** Id of the table a foreign key points to; 0 when the column is none. */
  tableref_id: number
  values?: string[]
  children?: FieldJson[]
  vector?: { size: number }
  /** Input filters by name: `true` without arguments, one argument as it is, several as a list. */
  validators: { [filter: string]: Json }
}

export interface IndexJson {
  /** 8 hex digits, stable while the index keeps its type and fields. */
  id: string
  type: IndexModel['type']
  fields: { name: string; op: string }[]
  name?: string
  lang?: string
}

/** How table names and ids of foreign keys translate. */
export interface TableNames {
  idOf(name: string): number | undefined
  nameOf(id: number): string | undefined
}

const bad = (param: string, message: string): AppError => new AppError('input', message, { payload: { param } })

/** A field of a definition as JSON. */
export function fieldToJson(field: Field, names: TableNames): FieldJson {
  const type = findFieldType(field.type)?.name ?? field.type
  const access = optionText(field, 'access')
  const encrypted = optionValue(field, 'encrypted') === true
  const reference = linkedTable(field)
  const values = enumValues(field)
  const size = optionValue(field, 'size')
  return {
    name: field.name,
    type,
    description: descriptionOf(field),
    nullable: field.nullable === true,
    default: (field.default === undefined ? null : plainConstantOf(field.default)) ?? null,
    required: field.name === 'id' || isRequired(field),
    access: access === 'private' || access === 'internal' || access === 'public' ? access : type === 'password' || encrypted ? 'internal' : 'public',
    sensitive: optionValue(field, 'sensitive') === true,
    ...(encrypted ? { encrypted } : {}),
    style: field.list === undefined ? 'single' : 'list',
    tableref_id: reference === undefined ? 0 : (names.idOf(reference) ?? 0),
    ...(values === undefined ? {} : { values }),
    ...(field.fields === undefined ? {} : { children: field.fields.map((child) => fieldToJson(child, names)) }),
    ...(typeof size === 'number' ? { vector: { size } } : {}),
    validators: Object.fromEntries(field.filters.filter((filter) => filter.disabled !== true).map((filter) => [filter.name, validatorValue(filter)])),
  }
}

function validatorValue({ args }: InputFilter): Json {
  const values = args.map((arg) => (arg.style === 'raw' && /^-?\d+(\.\d+)?$/.test(arg.text) ? Number(arg.text) : arg.text))
  return values.length === 0 ? true : values.length === 1 ? (values[0] as Json) : values
}

type Plain = { [key: string]: Json }
const isPlain = (value: unknown): value is Plain => typeof value === 'object' && value !== null && !Array.isArray(value)

/** A field of a definition from JSON. What the JSON does not mention is taken from `before`, the field as it is. Throws `inputError`. */
export function fieldFromJson(input: unknown, names: TableNames, before?: Field, path = 'schema'): Field {
  if (!isPlain(input)) throw bad(path, 'A field must be an object.')
  const name = input['name'] ?? before?.name
  const type = input['type'] ?? before?.type
  if (typeof name !== 'string' || name === '') throw bad(`${path}.name`, `Missing param: ${path}.name`)
  if (typeof type !== 'string' || type === '') throw bad(`${path}.type`, `Missing param: ${path}.type`)
  const list = isList(input, before)
  const field: Field = { name, type, filters: filtersFromJson(input, before), options: optionsFromJson(input, names, before, path) }
  if (list !== undefined) field.list = list
  if (input['nullable'] === undefined ? before?.nullable === true : input['nullable'] === true) field.nullable = true
  const initial = defaultFromJson(input, before)
  if (initial !== undefined) field.default = initial
  if (!requiredFromJson(input, before)) field.optional = true
  const children = input['children']
  if (Array.isArray(children)) field.fields = children.map((child, i) => fieldFromJson(child, names, undefined, `${path}.children[${i}]`))
  else if (before?.fields !== undefined) field.fields = before.fields
  const description = typeof input['description'] === 'string' ? input['description'] : before?.description
  if (description !== undefined && description !== '') field.description = description
  return field
}

function isList(input: Plain, before: Field | undefined): { min?: number; max?: number } | undefined {
  const style = isPlain(input['style']) ? input['style']['type'] : input['style']
  if (style === undefined) return before?.list
  return style === 'list' ? (before?.list ?? {}) : undefined
}

/** A field is required only when the JSON says so: with name and type alone it may be left out. */
const requiredFromJson = (input: Plain, before: Field | undefined): boolean =>
  typeof input['required'] === 'boolean' ? input['required'] : before === undefined ? input['name'] === 'id' : before.optional !== true

function defaultFromJson(input: Plain, before: Field | undefined): Expr | undefined {
  const value = input['default']
  if (value === undefined) return before?.default
  if (value === null || (value === '' && input['type'] !== 'text')) return undefined
  return value === 'now' ? { type: 'constant', name: 'now' } : literalOf(value)
}

function filtersFromJson(input: Plain, before: Field | undefined): InputFilter[] {
  const validators = input['validators']
  if (!isPlain(validators)) return before?.filters ?? []
  return Object.entries(validators)
    .filter(([, value]) => value !== false && value !== null)
    .map(([name, value]) => ({ name, args: value === true ? [] : (Array.isArray(value) ? value : [value]).map(filterArgument) }))
}

const filterArgument = (value: Json): InputFilter['args'][number] =>
  typeof value === 'number' ? { text: String(value), style: 'raw' } : { text: String(value), style: 'quoted' }

/** Options the JSON has a member for; the others stay as they are. */
function optionsFromJson(input: Plain, names: TableNames, before: Field | undefined, path: string): Attribute[] {
  const options = new Map((before?.options ?? []).map((option) => [option.name, option.value]))
  const put = (name: string, value: Json | undefined, remove: boolean): void => {
    if (value === undefined) return
    if (remove) options.delete(name)
    else options.set(name, literalOf(value))
  }
  put('sensitive', input['sensitive'], input['sensitive'] !== true)
  put('values', input['values'], !Array.isArray(input['values']))
  put('encrypted', input['encrypted'], input['encrypted'] !== true)
  const isHidden = input['type'] === 'password' || options.has('encrypted')
  const isDefaultAccess = input['access'] === (isHidden ? 'internal' : 'public')
  put('access', input['access'], isDefaultAccess || input['access'] === null)
  const vector = input['vector']
  put('size', isPlain(vector) ? vector['size'] : undefined, false)
  const reference = input['tableref_id']
  if (typeof reference === 'number') {
    const table = reference === 0 ? undefined : names.nameOf(reference)
    if (reference !== 0 && table === undefined) throw bad(`${path}.tableref_id`, `No table has the id ${reference}.`)
    options.delete('dbtable')
    put('table', table ?? '', table === undefined)
  }
  return [...options].map(([name, value]) => ({ name, value }))
}

/** Stable short id of an index. */
export const indexId = (index: IndexModel): string =>
  createHash('sha256')
    .update(JSON.stringify([index.type, index.fields, index.lang ?? '']))
    .digest('hex')
    .slice(0, 8)

/** An index as JSON. */
export const indexToJson = (index: IndexModel): IndexJson => ({
  id: indexId(index),
  type: index.type,
  fields: index.fields.map(({ name, op }) => ({ name, op: op ?? (index.type === 'btree' || index.type === 'unique' ? 'asc' : '') })),
  ...(index.name === undefined ? {} : { name: index.name }),
  ...(index.lang === undefined ? {} : { lang: index.lang }),
})

/** An index from JSON; `type` may come from the path of the request. Throws `inputError`. */
export function indexFromJson(input: unknown, columns: readonly { name: string }[], type?: string): IndexModel {
  const value = fromPlain(input)
  if (!isObj(value)) throw bad('index', 'An index must be an object.')
  if (type !== undefined) value.set('type', type)
  const [index] = readIndex(value, columns, (message, hint) => {
    throw new AppError('input', message, { payload: { param: 'index' }, ...(hint === undefined ? {} : { hint }) })
  })
  if (index === undefined) throw bad('index', 'This index has no meaning here.')
  return index
}

/** The literal of an index inside `index = [...]`. */
export const indexToExpr = (index: IndexModel): Expr =>
  literalOf({
    type: index.type === 'unique' ? 'btree|unique' : index.type,
    field: index.fields,
    ...(index.name === undefined ? {} : { name: index.name }),
    ...(index.lang === undefined ? {} : { lang: index.lang }),
  })

/** The schema of a definition as JSON. */
export const schemaToJson = (definition: Definition, names: TableNames): FieldJson[] => (definition.schema ?? []).map((field) => fieldToJson(field, names))

/** The columns a table gets when only its name is given. */
export const minimalSchema = (): Field[] => [
  { name: 'id', type: 'int', filters: [], options: [] },
  { name: 'created_at', type: 'timestamp', optional: true, default: { type: 'constant', name: 'now' }, filters: [], options: [] },
]

export interface TableInput {
  name: string
  description?: string
  auth?: boolean
  schema?: unknown
  index?: unknown
}

/** A table definition from the JSON body of the Metadata API. Throws `inputError`. */
export function tableFromJson(input: TableInput, names: TableNames): Definition {
  const schema =
    Array.isArray(input.schema) && input.schema.length > 0
      ? input.schema.map((field, i) => fieldFromJson(field, names, undefined, `schema[${i}]`))
      : minimalSchema()
  const indexes = Array.isArray(input.index) ? input.index.map((index) => indexFromJson(index, schema)) : []
  const attributes: Attribute[] = [{ name: 'auth', value: literalOf(input.auth === true) }]
  attributes.push({ name: 'index', value: { type: 'list', items: (indexes.length === 0 ? primaryOnly : indexes).map(indexToExpr) } })
  const definition: Definition = { kind: 'table', name: input.name, headAttributes: [], attributes, schema, tests: [], groups: [] }
  if (input.description !== undefined && input.description !== '') definition.description = input.description
  return definition
}

const primaryOnly: IndexModel[] = [{ type: 'primary', fields: [{ name: 'id' }] }]

/** The definition with another schema and index list; everything else is kept. */
export function withSchema(definition: Definition, schema: Field[], indexes: readonly IndexModel[]): Definition {
  const index: Attribute = { name: 'index', value: { type: 'list', items: indexes.map(indexToExpr) } }
  const others = definition.attributes.filter((attribute) => attribute.name !== 'index')
  return { ...definition, schema, attributes: indexes.length === 0 ? others : [...others, index] }
}

/** The literal of `view = {…}`. */
const viewsToExpr = (views: readonly ViewModel[]): Expr => ({
  type: 'object',
  entries: views.map((view): ObjectEntry => {
    const plain = {
      ...(view.alias === undefined ? {} : { alias: view.alias }),
      hide: view.hide,
      sort: Object.fromEntries(view.sort.map(({ column, order }) => [column, order])),
    }
    const entries: ObjectEntry[] = Object.entries(plain).map(([key, value]) => ({ type: 'entry', key, value: literalOf(value) }))
    if (view.search !== undefined) entries.push({ type: 'entry', key: 'search', value: view.search })
    return { type: 'entry', key: view.name, value: { type: 'object', entries } }
  }),
})

/** A model as a definition, for tables that have no text of their own: adopted ones, and those from the bin. */
export function tableToDefinition(table: TableModel): Definition {
  const attributes: Attribute[] = [{ name: 'auth', value: literalOf(table.auth) }]
  if (table.indexes.length > 0) attributes.push({ name: 'index', value: { type: 'list', items: table.indexes.map(indexToExpr) } })
  if (table.views.length > 0) attributes.push({ name: 'view', value: viewsToExpr(table.views) })
  if (table.items !== null) attributes.push({ name: 'items', value: table.items })
  const definition: Definition = {
    kind: 'table',
    name: table.name,
    headAttributes: [],
    attributes,
    schema: table.columns.map((column) => column.field),
    tests: [],
    groups: [],
  }
  if (table.description !== '') definition.description = table.description
  return definition
}
