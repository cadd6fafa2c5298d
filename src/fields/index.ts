/** Every column and input type. The list is the registry: a new type is one file and one entry here. */
import { didYouMean } from '../lang/suggest.js'
import { bool } from './bool.js'
import { date } from './date.js'
import { decimal } from './decimal.js'
import { email } from './email.js'
import { enumeration } from './enum.js'
import type { FieldType } from './field-type.js'
import { attachment, audio, file, image, video } from './files.js'
import { geoLinestring, geoMultilinestring, geoMultipoint, geoMultipolygon, geoPoint, geoPolygon } from './geo.js'
import { int } from './int.js'
import { json } from './json.js'
import { object } from './object.js'
import { password } from './password.js'
import { text } from './text.js'
import { timestamp } from './timestamp.js'
import { uuid } from './uuid.js'
import { vector } from './vector.js'

export const fieldTypes: readonly FieldType[] = [
  int,
  decimal,
  text,
  bool,
  email,
  password,
  uuid,
  timestamp,
  date,
  json,
  enumeration,
  object,
  vector,
  image,
  video,
  audio,
  attachment,
  file,
  geoPoint,
  geoMultipoint,
  geoLinestring,
  geoMultilinestring,
  geoPolygon,
  geoMultipolygon,
]

const byName = new Map(fieldTypes.flatMap((type) => [type.name, ...(type.aliases ?? [])].map((name) => [name, type] as const)))

/** The type of that name or older name. */
export const findFieldType = (name: string): FieldType | undefined => byName.get(name)

/** The type of a checked definition; an unknown name is a defect of the caller. */
export function getFieldType(name: string): FieldType {
  const type = byName.get(name)
  if (type === undefined) throw new TypeError(`Unknown type: ${name}`)
  return type
}

/** A hint for an unknown type name. */
export const suggestFieldType = (name: string): string | undefined => didYouMean(name, byName.keys())
