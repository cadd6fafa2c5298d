/** What pgvector and PostGIS index, and how a query must be written to find such an index. */
import type { ColumnModel, ExtensionModel, Extensions, IndexModel, TableModel } from '../../definitions/table.js'
import { raw, type Sql, sql } from '../../lib/sql.js'
import type { VectorMetric } from '../../runtime/define.js'
import { quote } from './names.js'

/** Operator class of an index → the distance it orders by. */
const operatorClasses: Readonly<Record<string, { metric: VectorMetric; operator: string }>> = {
  vector_cosine_ops: { metric: 'cosine', operator: '<=>' },
  vector_l2_ops: { metric: 'l2', operator: '<->' },
  vector_ip_ops: { metric: 'negative_inner_product', operator: '<#>' },
  vector_l1_ops: { metric: 'l1', operator: '<+>' },
}
/** Dimensions an HNSW index can hold. */
const dimensionsMax = 2_000

const createExtension = (name: string, { schema, installed }: ExtensionModel): string[] =>
  installed ? [] : [`create extension if not exists ${quote(name)} with schema ${quote(schema)}`]

export interface ExtensionIndex {
  body: string | null
  note?: string
  /** What must stand before the index can be built. */
  prelude?: string[]
}

/** `op` of a vector index; cosine when it says none. */
const operatorClassOf = (index: IndexModel): string => index.fields[0]?.op ?? 'vector_cosine_ops'

/** An HNSW index over a vector column. */
export function vectorIndex(index: IndexModel, column: ColumnModel | undefined, { vector }: Extensions): ExtensionIndex {
  const name = operatorClassOf(index)
  if (index.fields.length !== 1 || column?.type !== 'vector' || column.list || column.size === undefined)
    return { body: null, note: 'A vector index needs one vector column with a size.' }
  if (operatorClasses[name] === undefined) return { body: null, note: `Unknown operator class: ${name}. Known are ${Object.keys(operatorClasses).join(', ')}.` }
  if (vector === undefined) return { body: null, note: 'Vectors are compared without an index: there is no pgvector here.' }
  if (column.size > dimensionsMax) return { body: null, note: `An index holds at most ${dimensionsMax} dimensions; "${column.name}" has ${column.size}.` }
  const expression = render(toVector(raw(quote(column.name)), column.size, name, vector.schema))
  return { body: ` using hnsw ((${expression}) ${quote(vector.schema, name)})`, prelude: createExtension('vector', vector) }
}

/** Text of SQL without parameters. */
const render = (piece: Sql): string => piece.chunks.join('')

/** A list of numbers as a vector; null where it has no distance: another length, or no direction. */
function toVector(list: Sql, size: number, operatorClass: string, schema: string): Sql {
  const hasDirection = operatorClass === 'vector_cosine_ops' ? sql` and 0 <> any(${list})` : raw('')
  const type = quote(schema, 'vector')
  return sql`(case when cardinality(${list}) = ${raw(String(size))}${hasDirection} then ${list}::${raw(type)} end)::${raw(`${type}(${size})`)}`
}

/** The distance as an index over the column orders by it; absent when it has none for the metric. `list` is SQL of a `real[]`. */
export function indexedDistance(table: TableModel, column: ColumnModel, metric: VectorMetric, own: Sql, list: Sql): Sql | undefined {
  const vector = table.extensions?.vector
  if (vector === undefined) return undefined
  for (const index of table.indexes) {
    const found = index.type === 'vector' && index.fields[0]?.name === column.name ? operatorClasses[operatorClassOf(index)] : undefined
    if (found?.metric !== metric || vectorIndex(index, column, { vector }).body === null || column.size === undefined) continue
    const toOperand = (piece: Sql): Sql => toVector(piece, column.size ?? 0, operatorClassOf(index), vector.schema)
    return sql`(${toOperand(own)}) operator(${raw(quote(vector.schema))}.${raw(found.operator)}) (${toOperand(list)})`
  }
  return undefined
}

const isPlace = (column: ColumnModel): boolean => column.type.startsWith('geo_') && !column.list

/** A GiST index over the bounding boxes of places. */
export function spatialIndex(index: IndexModel, column: ColumnModel | undefined, { postgis }: Extensions): ExtensionIndex {
  if (index.fields.length !== 1 || column === undefined || !isPlace(column)) return { body: null, note: 'A spatial index needs one geo column.' }
  if (postgis === undefined) return { body: null, note: 'Places are compared without an index: there is no PostGIS here.' }
  return {
    body: ` using gist (stackhold.geo_shape(${quote(column.name)}))`,
    prelude: [...createExtension('postgis', postgis), shapeFunction(quote(postgis.schema))],
  }
}

/** A place as PostGIS knows it. What is not a proper area is the lines it is made of. */
const shapeFunction = (
  schema: string,
): string => `create or replace function stackhold.geo_shape(place jsonb) returns ${schema}.geography language plpgsql immutable parallel safe strict as $$
declare
  shapes ${schema}.geometry[] := '{}'; line jsonb; points ${schema}.geometry[]; is_area boolean := place ->> 'type' in ('poly', 'polys');
begin
  for line in select stackhold.geo_lines(place) loop
    points := array(select ${schema}.st_setsrid(${schema}.st_makepoint((item ->> 'lng')::float8, (item ->> 'lat')::float8), 4326) from jsonb_array_elements(line) with ordinality as t (item, n) order by n);
    shapes := shapes || case
      when cardinality(points) = 1 then points[1]
      when is_area and cardinality(points) > 3 then ${schema}.st_makepolygon(${schema}.st_makeline(points))
      else ${schema}.st_makeline(points) end;
  end loop;
  return case when cardinality(shapes) > 0 then ${schema}.st_collect(shapes)::${schema}.geography end;
end $$`

/** Whether two places can be as near as some metres, by their bounding boxes; absent when the column has no spatial index. True for all that are. */
export function nearby(table: TableModel, column: ColumnModel, own: Sql, place: Sql, metres?: Sql): Sql | undefined {
  const postgis = table.extensions?.postgis
  const isIndexed = table.indexes.some((index) => index.type === 'spatial' && index.fields.length === 1 && index.fields[0]?.name === column.name)
  if (postgis === undefined || !isIndexed || !isPlace(column)) return undefined
  const schema = raw(quote(postgis.schema))
  // A hundredth more than asked: PostGIS takes the earth to be a hair smaller.
  const other =
    metres === undefined ? sql`stackhold.geo_shape(${place})` : sql`${schema}._st_expand(stackhold.geo_shape(${place}), (${metres})::float8 * 1.01 + 1)`
  return sql`(stackhold.geo_shape(${own}) operator(${schema}.&&) ${other})`
}
