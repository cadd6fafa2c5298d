/** Declared inputs: reading what a caller sent, and describing them to tools and people. */
import { fatal } from '../errors.js'
import { constantOf } from '../lang/constant.js'
import type { Field } from '../lang/tree.js'
import { type Json, type Obj, toPlain, type Value } from '../lib/value.js'
import { descriptionOf, enumValues, hiddenColumns, isRequired, linkedTable, typeOptions } from './field-options.js'
import { findFieldType } from './index.js'
import { compileField } from './read-value.js'

/** Received values by input name → the inputs of a stack, complete and in declared order. Throws `inputError` for the first that fails. */
export type InputReader = (raw: ReadonlyMap<string, Value>, context: { now: number; called?: boolean }) => Obj

export interface InputOptions {
  /** Columns of a table, for `dblink` inputs. */
  linkTable?(name: string): readonly Field[] | undefined
}

/** Compiles input declarations. Throws AppError `fatal` for an unknown type, filter or linked table. */
export function compileInputs(fields: readonly Field[], options: InputOptions = {}): InputReader {
  const inputs = expandLinks(fields, options).map((field) => [field.name, compileField(field)] as const)
  return (raw, { now, called = false }) => {
    const out: Obj = new Map()
    for (const [name, read] of inputs) out.set(name, read(raw.get(name), { now, param: name, path: name, called }))
    return out
  }
}

/** The fields with every `dblink` replaced by the columns of its table: all but the primary key and the hidden ones. A declared input wins over a column. */
export function expandLinks(fields: readonly Field[], options: InputOptions): Field[] {
  if (!fields.some((field) => field.type === 'dblink')) return [...fields]
  const declared = new Set(fields.filter((field) => field.type !== 'dblink').map((field) => field.name))
  return fields.flatMap((field) => (field.type === 'dblink' ? linkedFields(field, options).filter((column) => !declared.has(column.name)) : [field]))
}

function linkedFields(field: Field, options: InputOptions): Field[] {
  const name = linkedTable(field)
  const columns = name === undefined ? undefined : options.linkTable?.(name)
  if (columns === undefined) throw fatal(`The dblink names no known table: ${name ?? '(none)'}`)
  const hidden = hiddenColumns(field)
  return columns.filter((column) => column.name !== 'id' && !hidden.has(column.name))
}

/** Inputs as the Metadata API lists them. */
export interface InputDescription {
  name: string
  type: string
  required: boolean
  nullable: boolean
  default: Json
  description: string
  values?: string[]
  children?: InputDescription[]
  style: { type: 'single' | 'list'; min?: number; max?: number }
}

/** Describes inputs for tools: `{name, type, required, nullable, default, description, values?, children?, style}`. */
export const describeInputs = (fields: readonly Field[]): InputDescription[] =>
  fields.map((field) => {
    const values = enumValues(field)
    return {
      name: field.name,
      type: findFieldType(field.type)?.name ?? field.type,
      required: isRequired(field),
      nullable: field.nullable === true,
      default: toPlain((field.default === undefined ? undefined : constantOf(field.default)) ?? null),
      description: descriptionOf(field),
      ...(values === undefined ? {} : { values }),
      ...(field.fields === undefined ? {} : { children: describeInputs(field.fields) }),
      style: field.list === undefined ? { type: 'single' } : { type: 'list', ...field.list },
    }
  })

type Schema = { [key: string]: Json }

/** JSON Schema of an object with these fields, for OpenAPI 3.1. */
export function toOpenApi(fields: readonly Field[]): Schema {
  const required = fields.filter(isRequired).map((field) => field.name)
  return {
    type: 'object',
    properties: Object.fromEntries(fields.map((field) => [field.name, fieldSchema(field)])),
    ...(required.length === 0 ? {} : { required }),
  }
}

/** JSON Schema of one field. */
export function fieldSchema(field: Field): Schema {
  const description = descriptionOf(field)
  const initial = field.default === undefined ? undefined : constantOf(field.default)
  return {
    ...withNull(field, shapeSchema(field)),
    ...(description === '' ? {} : { description }),
    ...(initial === undefined || initial === 'now' ? {} : { default: toPlain(initial) }),
  }
}

function shapeSchema(field: Field): Schema {
  const item = field.fields === undefined ? (findFieldType(field.type)?.jsonSchema(typeOptions(field)) ?? {}) : toOpenApi(field.fields)
  if (field.list === undefined) return item
  const { min, max } = field.list
  return { type: 'array', items: item, ...(min === undefined ? {} : { minItems: min }), ...(max === undefined ? {} : { maxItems: max }) }
}

const withNull = (field: Field, schema: Schema): Schema =>
  field.nullable === true && typeof schema['type'] === 'string'
    ? { ...schema, type: [schema['type'], 'null'], ...(Array.isArray(schema['enum']) ? { enum: [...schema['enum'], null] } : {}) }
    : schema
