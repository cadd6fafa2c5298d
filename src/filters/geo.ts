/** Constructors of geometry values, in the shape geo columns and inputs have: `{type, data}` with `{lng, lat}` points. */
import { fatal } from '../errors.js'
import { type Sql, sql } from '../lib/sql.js'
import { isList, isObj, type Obj, type Value } from '../lib/value.js'
import { defineFilter, type FilterContext, type QueryFilter, type SqlFace, type SqlTerm, type ValueFilter } from '../runtime/define.js'
import { spendList } from './bounds.js'
import { numberOf, wrongType } from './operand.js'
import { argument, numberSql, placeSql, term } from './sql-face.js'

type Build = (filter: string, value: Value, context: FilterContext) => Value

/** `{lng, lat}`, a whole point value, or `[lng, lat]` as in GeoJSON. */
function pointOf(filter: string, value: Value): Obj {
  if (isObj(value)) {
    const data = value.get('data')
    if (value.get('type') === 'point' && data !== undefined && isObj(data)) return pointOf(filter, data)
    return lngLat(filter, value.get('lng') ?? value.get('longitude') ?? null, value.get('lat') ?? value.get('latitude') ?? null)
  }
  if (isList(value) && value.length >= 2) return lngLat(filter, value[0] ?? null, value[1] ?? null)
  throw wrongType(filter, 'points such as {lng: 13.4, lat: 52.5}', value)
}

function lngLat(filter: string, longitude: Value, latitude: Value): Obj {
  const [lng, lat] = [numberOf(filter, longitude, 'lng'), numberOf(filter, latitude, 'lat')]
  if (Math.abs(lng) > 180 || Math.abs(lat) > 90) throw fatal(`Filter "${filter}" expects lng within ±180 and lat within ±90.`)
  return new Map<string, Value>([
    ['lng', lng],
    ['lat', lat],
  ])
}

const listOf =
  (item: Build): Build =>
  (filter, value, context) => {
    if (!isList(value)) throw wrongType(filter, 'a list', value)
    spendList(context, filter, value.length)
    return value.map((member) => item(filter, member, context))
  }

/** The coordinates of a whole value (`{type, data}`, GeoJSON's `{type, coordinates}`), or the input itself. */
const coordinatesOf = (value: Value): Value => (isObj(value) ? (value.get('data') ?? value.get('coordinates') ?? value) : value)

const constructorOf = (kind: string, type: string, build: Build, example: string): ValueFilter => {
  const name = `to_geo_${kind}`
  return defineFilter({
    name,
    group: 'conversion',
    summary: `Makes a ${kind} value of ${kind === 'point' ? 'a point' : 'points'}: {lng, lat} objects, [lng, lat] pairs or GeoJSON.`,
    input: 'object or list',
    returns: 'geo value',
    scalar: true,
    cases: [[`${example}|${name}`, `{type: "${type}", data: ${example}}`]],
    apply: (input, _args, context) =>
      new Map<string, Value>([
        ['type', type],
        ['data', build(name, coordinatesOf(input), context)],
      ]),
  })
}

const line = '[{lng: 1, lat: 2}, {lng: 3, lat: 4}]'
const berlin = '{type: "point", data: {lng: 13.4, lat: 52.5}}'
const potsdam = '{type: "point", data: {lng: 13.06, lat: 52.4}}'
const box = '{type: "poly", data: [{lng: 13, lat: 52}, {lng: 14, lat: 52}, {lng: 14, lat: 53}, {lng: 13, lat: 53}]}'
const geometry = { name: 'geometry', type: 'geometry', required: true }

const relation = (
  name: string,
  summary: string,
  returns: string,
  more: { name: string; type: string; required: true }[],
  cases: [string, string][],
  face: SqlFace,
): QueryFilter => defineFilter({ name, group: 'geo', summary, input: 'geometry column', returns, args: [geometry, ...more], scalar: true, cases, sql: face })

/** An index may leave out what cannot be; what can be is still judged, so that the answer is the same without it. */
const narrowed = (possible: Sql | undefined, exact: Sql): SqlTerm => term('bool', possible === undefined ? exact : sql`(${possible} and ${exact})`)

/** On a sphere of the mean radius of the earth; in queries only. */
export const geoRelations: QueryFilter[] = [
  relation(
    'distance',
    'Metres between two places; 0 where they touch.',
    'decimal (metres)',
    [],
    [[`(${berlin}|distance:${potsdam})|round:0`, '25584']],
    (input, args) =>
      term('decimal', sql`stackhold.geo_distance(${placeSql('distance', input)}, ${placeSql('distance', argument('distance', args, 0, 'geometry'))})`),
  ),
  relation(
    'within',
    'Whether two places are at most some metres apart.',
    'bool',
    [{ name: 'radius', type: 'number', required: true }],
    [
      [`${berlin}|within:${potsdam}:30000`, 'true'],
      [`${berlin}|within:${potsdam}:20000`, 'false'],
    ],
    (input, args) => {
      const place = placeSql('within', argument('within', args, 0, 'geometry'))
      const metres = numberSql('within', argument('within', args, 1, 'radius'))
      return narrowed(input.index?.nearby(place, metres), sql`(stackhold.geo_distance(${placeSql('within', input)}, ${place}) <= ${metres})`)
    },
  ),
  relation(
    'covers',
    'Whether an area holds all of another place; its border belongs to it.',
    'bool',
    [],
    [
      [`${box}|covers:${berlin}`, 'true'],
      [`${berlin}|covers:${potsdam}`, 'false'],
    ],
    (input, args) => {
      const place = placeSql('covers', argument('covers', args, 0, 'geometry'))
      return narrowed(input.index?.nearby(place), sql`stackhold.geo_covers(${placeSql('covers', input)}, ${place})`)
    },
  ),
]

export const geoFilters = [
  constructorOf('point', 'point', pointOf, '{lng: 13.4, lat: 52.5}'),
  constructorOf('multipoint', 'points', listOf(pointOf), line),
  constructorOf('linestring', 'path', listOf(pointOf), line),
  constructorOf('multilinestring', 'paths', listOf(listOf(pointOf)), `[${line}]`),
  constructorOf('polygon', 'poly', listOf(pointOf), line),
  constructorOf('multipolygon', 'polys', listOf(listOf(pointOf)), `[${line}]`),
]
