/** Distances between vectors; in queries only. Vectors of different lengths have none. */
import { type Sql, sql } from '../lib/sql.js'
import { defineFilter, type FilterCase, type QueryFilter, type VectorMetric } from '../runtime/define.js'
import { argument, term, vectorSql } from './sql-face.js'

/** An aggregate over the pairs `a`, `b` of two vectors. */
const overPairs = (left: Sql, right: Sql, aggregate: Sql): Sql =>
  sql`(select case when cardinality(v.l) = cardinality(v.r) then (select ${aggregate} from unnest(v.l, v.r) as pair(a, b)) end from (select ${left} as l, ${right} as r) as v)`

const distance = (name: string, summary: string, aggregate: Sql, cases: FilterCase[], metric?: VectorMetric): QueryFilter =>
  defineFilter({
    name,
    group: 'vector',
    summary,
    input: 'vector column',
    returns: 'decimal',
    args: [{ name: 'vector', type: 'vector', required: true, summary: 'As long as those of the column.' }],
    scalar: true,
    cases,
    sql(input, args) {
      const other = vectorSql(name, argument(name, args, 0, 'vector'))
      const indexed = metric === undefined ? undefined : input.index?.distance(metric, sql`(${other})::real[]`)
      return term('decimal', indexed ?? overPairs(vectorSql(name, input), other, aggregate))
    },
  })

const cosine = sql`sum(a * b) / nullif(sqrt(sum(a * a)) * sqrt(sum(b * b)), 0)`

export const vectorFilters: QueryFilter[] = [
  distance('l1_distance_manhattan', 'Sum of the absolute differences.', sql`sum(abs(a - b))`, [['[1, 2]|l1_distance_manhattan:[4, 0]', '5']], 'l1'),
  distance(
    'l2_distance_euclidean',
    'Length of the straight line between two vectors.',
    sql`sqrt(sum((a - b) ^ 2))`,
    [['[0, 0]|l2_distance_euclidean:[3, 4]', '5']],
    'l2',
  ),
  distance('inner_product', 'Sum of the products.', sql`sum(a * b)`, [['[1, 2]|inner_product:[3, 4]', '11']]),
  distance(
    'negative_inner_product',
    'Minus the sum of the products: smaller is nearer.',
    sql`-sum(a * b)`,
    [['[1, 2]|negative_inner_product:[3, 4]', '-11']],
    'negative_inner_product',
  ),
  distance(
    'cosine_distance',
    '1 minus the cosine of the angle: 0 for the same direction.',
    sql`1 - ${cosine}`,
    [['[1, 0]|cosine_distance:[0, 2]', '1']],
    'cosine',
  ),
  distance('cosine_similarity', 'Cosine of the angle: 1 for the same direction.', cosine, [['[1, 0]|cosine_similarity:[2, 0]', '1']]),
]
