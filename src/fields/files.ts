/** The four kinds of stored files, and uploads. A column holds the file's metadata: `{access, path, name, type, size, mime, meta}`. */
import { isObj, Resource, type Value } from '../lib/value.js'
import { type CoerceContext, type Coerced, defineFieldType, type FieldType, Invalid, isNot } from './field-type.js'
import { decodeJson } from './json.js'
import { jsonStorage } from './storage.js'

const metadataSchema = {
  type: 'object',
  properties: {
    access: { type: 'string' },
    path: { type: 'string' },
    name: { type: 'string' },
    type: { type: 'string' },
    size: { type: 'integer' },
    mime: { type: 'string' },
    meta: { type: 'object' },
  },
} as const

function coerceMetadata(value: Value, context: CoerceContext): Coerced {
  const decoded = typeof value === 'string' && !context.program ? decodeJson(value) : value
  if (!isObj(decoded)) return isNot(context, 'the metadata of a file')
  const path = decoded.get('path')
  return typeof path === 'string' && path !== '' ? decoded : new Invalid(`Input "${context.name}" has no path of a stored file.`)
}

const defineFileKind = (name: string, aliases: string[], summary: string): FieldType =>
  defineFieldType({ name, aliases, summary, empty: null, coerce: coerceMetadata, column: jsonStorage, jsonSchema: () => ({ ...metadataSchema }) })

export const image = defineFileKind('image', ['blob_image'], 'The metadata of a stored image.')
export const video = defineFileKind('video', ['blob_video'], 'The metadata of a stored video.')
export const audio = defineFileKind('audio', ['blob_audio'], 'The metadata of a stored sound.')
export const attachment = defineFileKind('attachment', ['blob'], 'The metadata of a stored file of any kind.')

/** An upload; inputs only. */
export const file = defineFieldType({
  name: 'file',
  summary: 'An uploaded file, sent as multipart/form-data. Inputs only.',
  empty: null,
  coerce: (value, context) => (value instanceof Resource ? value : new Invalid(`Missing param: ${context.name}`)),
  jsonSchema: () => ({ type: 'string', format: 'binary' }),
})
