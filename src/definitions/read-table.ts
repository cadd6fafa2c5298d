/** Reads `table NAME { … }` into the model of the data layer and collects everything wrong with it. */

import { AppError } from '../errors.js'
import { descriptionOf, enumValues, findOption, isRequired, linkedTable, optionText, optionValue } from '../fields/field-options.js'
import { findFieldType, suggestFieldType } from '../fields/index.js'
import { inputFilterProblem } from '../fields/input-filters.js'
import { passwordPolicyProblem } from '../fields/password-policy.js'
import { compileFallback } from '../fields/read-value.js'
import { secretPaths } from '../fields/secret-members.js'
import type { Definition, Expr, Field } from '../lang/tree.js'
import { isList, isObj, type Obj, type Value } from '../lib/value.js'
import { findAttribute, readAttributes } from './attributes.js'
import { constantOf } from './constant.js'
import type { DefinitionProblem } from './problem.js'
import { readRules } from './rules.js'
import type { ColumnModel, IndexModel, TableModel, ViewModel } from './table.js'

type Fail = (node: { at?: number } | undefined, message: string, hint?: string) => void

/** What Postgres can hold as a name, in bytes of UTF-8. */
const nameBytesMax = 63
/** What a dump, or psql when it reads one, could take for the end of a line or for a command of its own. */
const unwritable = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\\]/
const accessLevels = ['public', 'private', 'internal'] as const

/** Reads a table definition. `id` and `guid` are the catalog's. */
export function readTable(definition: Definition, id: number, guid: string): { table: TableModel; problems: DefinitionProblem[] } {
  const reader = readAttributes(definition)
  const { fail } = reader
  checkName(definition.name, 'table', definition, fail)
  const fields = definition.schema ?? []
  const columns = fields.map((field) => readColumn(field, fail))
  checkColumns(definition, fields, fail)
  const auth = reader.bool('auth', false)
  const rules = readRules(definition, columns, auth, fail)
  const table: TableModel = {
    id,
    guid,
    name: definition.name,
    description: definition.description ?? reader.text('description') ?? '',
    auth,
    columns,
    indexes: readIndexes(definition, columns, fail),
    views: readViews(definition, columns, fail),
    ...(rules === undefined ? {} : { rules }),
    items: findAttribute(definition, 'items')?.value ?? null,
  }
  return { table, problems: reader.problems }
}

function checkName(name: string, what: string, node: { at?: number } | undefined, fail: Fail): void {
  if (name === '') fail(node, `A ${what} needs a name.`)
  if (Buffer.byteLength(name) > nameBytesMax)
    fail(node, `The ${what} name "${name}" is longer than ${nameBytesMax} bytes.`, 'PostgreSQL allows 63 bytes; choose a shorter name.')
  if (name === '__proto__' || unwritable.test(name))
    fail(node, `${JSON.stringify(name)} cannot be the name of a ${what}.`, 'Names have neither line ends nor other control characters nor backslashes.')
}

function checkColumns(definition: Definition, fields: readonly Field[], fail: Fail): void {
  const first = fields[0]
  if (first?.name !== 'id') fail(first ?? definition, 'First schema entry must be the Primary key.', 'Begin the schema with "int id" or "uuid id".')
  else if (first.type !== 'int' && first.type !== 'uuid') fail(first, `The primary key must be int or uuid, not ${first.type}.`)
  else if (first.list !== undefined || first.nullable === true) fail(first, 'The primary key can be neither a list nor nullable.')
  const seen = new Set<string>()
  for (const field of fields) {
    if (seen.has(field.name)) fail(field, `The column "${field.name}" is declared twice.`)
    seen.add(field.name)
  }
}

/** Reads one column; also checks its type, options, default and filters. */
export function readColumn(field: Field, fail: Fail): ColumnModel {
  checkName(field.name, 'column', field, fail)
  checkField(field, fail)
  const type = findFieldType(field.type)
  const size = optionValue(field, 'size')
  const references = linkedTable(field)
  const values = enumValues(field)
  const access = optionText(field, 'access')
  const encrypted = optionValue(field, 'encrypted') === true
  const secrets = secretPaths(field)
  return {
    name: field.name,
    type: type?.column === undefined ? 'text' : type.name,
    list: field.list !== undefined,
    nullable: field.nullable === true,
    required: field.name !== 'id' && isRequired(field),
    ...(field.default === undefined ? {} : { default: field.default }),
    sensitive: optionValue(field, 'sensitive') === true || encrypted,
    ...(encrypted ? { encrypted } : {}),
    ...(secrets.length === 0 ? {} : { secrets }),
    access: accessLevels.find((level) => level === access) ?? (encrypted || type?.name === 'password' ? 'internal' : 'public'),
    ...(references === undefined || references === '' ? {} : { references }),
    ...(values === undefined ? {} : { values }),
    ...(typeof size === 'number' ? { size } : {}),
    description: descriptionOf(field),
    field,
  }
}

function checkField(field: Field, fail: Fail, nested = false): void {
  const type = findFieldType(field.type)
  if (type === undefined) return void fail(field, `Unknown type: ${field.type}`, suggestFieldType(field.type))
  if (type.column === undefined)
    return void fail(field, `"${field.type}" can only be an input, not a column.`, 'Use attachment, image, video or audio for stored files.')
  if (type.name === 'enum') checkValues(field, fail)
  const size = findOption(field, 'size')
  const sizeValue = size === undefined ? undefined : constantOf(size)
  if (type.name === 'vector' && size !== undefined && !(Number.isInteger(sizeValue) && Number(sizeValue) > 0))
    fail(size, 'The size of a vector must be a positive int.')
  for (const filter of field.filters) {
    const problem = filter.disabled === true ? null : inputFilterProblem(filter)
    if (problem !== null) fail(filter.at === undefined ? field : filter, problem.message, problem.hint)
  }
  const access = findOption(field, 'access')
  if (access !== undefined && !accessLevels.some((level) => level === constantOf(access)))
    fail(access, 'The access of a column is public, private or internal.')
  checkEncrypted(field, fail, nested)
  const policyProblem = passwordPolicyProblem(field)
  if (policyProblem !== null) fail(findOption(field, 'policy') ?? field, policyProblem)
  checkDefault(field, fail)
  for (const child of field.fields ?? []) checkField(child, fail, true)
  if (holdsPassword(field) && (field.list !== undefined || optionValue(field, 'encrypted') === true))
    fail(field, 'A password can be a member of a plain object only, neither listed nor encrypted.', 'Make it a column of the table.')
}

const holdsPassword = (field: Field): boolean => (field.fields ?? []).some((member) => member.type === 'password' || holdsPassword(member))

function checkEncrypted(field: Field, fail: Fail, nested: boolean): void {
  const option = findOption(field, 'encrypted')
  if (option === undefined) return
  const value = constantOf(option)
  if (typeof value !== 'boolean') return void fail(option, '"encrypted" must be true or false.')
  if (!value) return
  if (nested) fail(option, 'A member of an object cannot be encrypted.', 'Encrypt the whole column.')
  if (field.name === 'id') fail(option, 'The primary key cannot be encrypted.')
  if (field.type === 'password') fail(option, 'A password is hashed, which is more than encrypted.', 'Leave "encrypted" out.')
}

function checkValues(field: Field, fail: Fail): void {
  const values = enumValues(field)
  if (values === undefined || values.length === 0)
    return void fail(findOption(field, 'values') ?? field, `The enum "${field.name}" needs values.`, 'Add values = ["a", "b"].')
  if (new Set(values).size < values.length) fail(findOption(field, 'values'), `The enum "${field.name}" names a value twice.`)
}

function checkDefault(field: Field, fail: Fail): void {
  if (field.default === undefined) return
  try {
    compileFallback(field)({ now: 0 })
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    fail(field.default.at === undefined ? field : field.default, `The default of "${field.name}" does not fit: ${error.message}`)
  }
}

/** Type as written → ours; `btree|unique` is the older spelling of `unique`. */
const indexTypes: Readonly<Record<string, IndexModel['type']>> = {
  primary: 'primary',
  btree: 'btree',
  unique: 'unique',
  'btree|unique': 'unique',
  gin: 'gin',
  search: 'search',
  spatial: 'spatial',
  vector: 'vector',
}

function readIndexes(definition: Definition, columns: readonly ColumnModel[], fail: Fail): IndexModel[] {
  const attribute = findAttribute(definition, 'index')
  if (attribute === undefined) return []
  const value = constantOf(attribute.value)
  if (!isList(value)) {
    fail(attribute, '"index" must be a list of objects.')
    return []
  }
  const nodes = attribute.value.type === 'list' ? attribute.value.items : []
  return value.flatMap((entry, i) => readIndex(entry, columns, (message, hint) => fail(nodes[i]?.at === undefined ? attribute : nodes[i], message, hint)))
}

/** Reads `{type, field: [{name, op}], name?, lang?}`; the Metadata API spells `fields`. */
export function readIndex(entry: Value, columns: readonly { name: string; encrypted?: true }[], fail: (message: string, hint?: string) => void): IndexModel[] {
  if (!isObj(entry)) {
    fail('An index must be an object.')
    return []
  }
  const type = indexTypes[String(entry.get('type') ?? '')]
  if (type === undefined) {
    fail(`Unknown index type: ${String(entry.get('type') ?? '')}`, `Use one of ${Object.keys(indexTypes).join(', ')}.`)
    return []
  }
  const fields = readIndexFields(entry, fail)
  // The original keeps rows in a JSON column of that name; its index has no meaning here.
  if (fields.length === 1 && fields[0]?.name === 'xdo') return []
  const known = new Set(columns.map((column) => column.name))
  for (const field of fields) if (!known.has(field.name)) fail(`The index names an unknown column: ${field.name}`)
  const encrypted = columns.find((column) => column.encrypted === true && fields.some((field) => field.name === column.name))
  if (encrypted !== undefined)
    fail(`The encrypted column "${encrypted.name}" cannot be part of an index.`, 'Every value is encrypted differently, so that no two can be compared.')
  if (fields.length === 0) fail('An index needs at least one field.')
  const name = entry.get('name')
  if (typeof name === 'string' && unwritable.test(name)) fail(`${JSON.stringify(name)} cannot be the name of an index.`)
  const lang = entry.get('lang')
  return [{ type, fields, ...(typeof name === 'string' && name !== '' ? { name } : {}), ...(typeof lang === 'string' && lang !== '' ? { lang } : {}) }]
}

function readIndexFields(entry: Obj, fail: (message: string) => void): IndexModel['fields'] {
  const given = entry.get('field') ?? entry.get('fields') ?? []
  if (!isList(given)) fail('The fields of an index must be a list.')
  return (isList(given) ? given : []).flatMap((item) => {
    const name = isObj(item) ? item.get('name') : item
    const op = isObj(item) ? item.get('op') : undefined
    if (typeof name !== 'string') return []
    return [{ name, ...(typeof op === 'string' && op !== '' ? { op } : {}) }]
  })
}

function readViews(definition: Definition, columns: readonly ColumnModel[], fail: Fail): ViewModel[] {
  const attribute = findAttribute(definition, 'view') ?? findAttribute(definition, 'views')
  if (attribute === undefined) return []
  if (attribute.value.type !== 'object') {
    fail(attribute, '"view" must be an object of views.')
    return []
  }
  return attribute.value.entries.flatMap((entry) => (entry.type === 'entry' ? [readView(entry.key, entry.value, columns, fail)] : []))
}

function readView(name: string, body: Expr, columns: readonly ColumnModel[], fail: Fail): ViewModel {
  const members = new Map(body.type === 'object' ? body.entries.flatMap((entry) => (entry.type === 'entry' ? [[entry.key, entry.value] as const] : [])) : [])
  const constant = (key: string): Value | undefined => {
    const expr = members.get(key)
    return expr === undefined ? undefined : constantOf(expr)
  }
  const alias = constant('alias')
  const search = members.get('search')
  const hide = constant('hide')
  const sort = constant('sort')
  checkName(name, 'view', body, fail)
  if (typeof alias === 'string' && alias !== '') checkName(alias, 'view', members.get('alias'), fail)
  const known = new Set(columns.map((column) => column.name))
  const hidden = isList(hide) ? hide.filter((column): column is string => typeof column === 'string') : []
  for (const column of hidden) if (!known.has(column)) fail(members.get('hide'), `The view "${name}" hides an unknown column: ${column}`)
  const sealed = columns.filter((column) => column.encrypted === true)
  const shown = sealed.find((column) => !hidden.includes(column.name))
  if (shown !== undefined && hidden.includes('id'))
    fail(
      members.get('hide'),
      `The view "${name}" hides the id, without which "${shown.name}" cannot be decrypted.`,
      'Hide the encrypted column, too, or show the id.',
    )
  const sorted = isObj(sort) ? sealed.find((column) => sort.has(column.name)) : undefined
  if (sorted !== undefined) fail(members.get('sort'), `The view "${name}" sorts by the encrypted column "${sorted.name}".`)
  return {
    name,
    ...(typeof alias === 'string' && alias !== '' ? { alias } : {}),
    ...(search === undefined ? {} : { search }),
    hide: hidden,
    sort: isObj(sort) ? [...sort].map(([column, order]) => ({ column, order: order === 'desc' || order === 'rand' ? order : 'asc' })) : [],
  }
}
