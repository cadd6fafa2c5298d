/** The six kinds of places: `{type, data}` with positions `{lat, lng}`. Kept as jsonb, without any extension. */
import { isList, isNumber, isObj, type Value } from '../lib/value.js'
import { defineFieldType, type FieldType, isNot } from './field-type.js'
import { decodeJson } from './json.js'
import { jsonStorage } from './storage.js'

const within = (value: Value | undefined, limit: number): boolean => isNumber(value) && Number(value) >= -limit && Number(value) <= limit
const isPosition = (value: Value): boolean => isObj(value) && within(value.get('lat'), 90) && within(value.get('lng'), 180)
const isLine = (value: Value): boolean => isList(value) && value.every(isPosition)
const isLines = (value: Value): boolean => isList(value) && value.every(isLine)

const position = { type: 'object', properties: { lat: { type: 'number' }, lng: { type: 'number' } }, required: ['lat', 'lng'] } as const

function defineGeo(name: string, tag: string, depth: 0 | 1 | 2, summary: string): FieldType {
  const accepts = [isPosition, isLine, isLines][depth] as (value: Value) => boolean
  const data = depth === 0 ? position : depth === 1 ? { type: 'array', items: position } : { type: 'array', items: { type: 'array', items: position } }
  return defineFieldType({
    name,
    summary,
    empty: null,
    coerce(value, context) {
      const decoded = typeof value === 'string' && !context.program ? decodeJson(value) : value
      const valid = isObj(decoded) && decoded.get('type') === tag && accepts(decoded.get('data') ?? null)
      return valid ? (decoded as Value) : isNot(context, `a ${name} ({"type": "${tag}", "data": …})`)
    },
    column: jsonStorage,
    jsonSchema: () => ({
      type: 'object',
      properties: { type: { type: 'string', const: tag }, data: structuredClone(data) as never },
      required: ['type', 'data'],
    }),
  })
}

export const geoPoint = defineGeo('geo_point', 'point', 0, 'One position.')
export const geoMultipoint = defineGeo('geo_multipoint', 'points', 1, 'Several positions.')
export const geoLinestring = defineGeo('geo_linestring', 'path', 1, 'A line through positions.')
export const geoMultilinestring = defineGeo('geo_multilinestring', 'paths', 2, 'Several lines.')
export const geoPolygon = defineGeo('geo_polygon', 'poly', 1, 'An area within a closed line.')
export const geoMultipolygon = defineGeo('geo_multipolygon', 'polys', 2, 'Several areas.')
