/** One plan for many readings at once: one statement whose parameters are rows of their own. */
import { ident, join, param, raw, type Sql, sql } from '../../lib/sql.js'
import type { Value } from '../../lib/value.js'
import { type BoundSql, type CachedSql, encoded, type Reading, type Shape, StatementCache } from '../inputs.js'
import type { RawRow, ReadPlan } from './plan.js'
import type { DatabaseSession } from './session.js'

const rowName = '~row'
const source = '~in'

/** Runs a plan once for all readings. The answers are in the order of the readings. */
export class Batch {
  readonly #plan: ReadPlan
  readonly #rows: BatchSql
  readonly #totals: BatchSql | null

  constructor(plan: ReadPlan) {
    this.#plan = plan
    this.#rows = new BatchSql((at) => plan.sql(at))
    this.#totals = plan.total === undefined ? null : new BatchSql(plan.total.sql)
  }

  async run(session: DatabaseSession, readings: readonly Reading[]): Promise<Value[]> {
    if (readings.length === 0) return []
    const { total } = this.#plan
    const wanted = total === undefined ? [] : readings.filter((reading) => total.wanted(reading))
    const [rows, totals] = await Promise.all([
      this.#rows.run(session, readings),
      this.#totals === null || wanted.length === 0 ? [] : this.#totals.run(session, wanted),
    ])
    return readings.map((reading, i) => {
      const at = wanted.indexOf(reading)
      return this.#plan.finish(rows[i] ?? [], reading, at < 0 ? null : Number(totals[at]?.[0]?.['count'] ?? 0))
    })
  }
}

const keptMax = 16

/** The statement of a batch, kept by the shape of its readings. */
class BatchSql {
  readonly #build: (at: Shape) => BoundSql
  readonly #texts = new StatementCache(keptMax)

  constructor(build: (at: Shape) => BoundSql) {
    this.#build = build
  }

  async run(session: DatabaseSession, readings: readonly Reading[]): Promise<RawRow[][]> {
    const groups = groupByShape(readings)
    const parameters = groups.flatMap((members) => this.#parametersOf(members, readings))
    const { rows } = await session.run(this.#statementOf(groups).command(encoded(parameters), session.schema))
    const out: RawRow[][] = readings.map(() => [])
    for (const row of rows) out[row[rowName] as number]?.push(row)
    return out
  }

  /** Place of each reading, then one list of texts per parameter. */
  #parametersOf(members: readonly Reading[], readings: readonly Reading[]): unknown[] {
    const { holes } = this.#build(members[0]?.shape ?? [])
    const values = holes.map((hole) => members.map((reading) => toText(hole.encode(reading.values[hole.operand] as Value, reading.clock))))
    return [members.map((reading) => readings.indexOf(reading)), ...values]
  }

  #statementOf(groups: readonly (readonly Reading[])[]): CachedSql {
    const key = groups.map((members) => members[0]?.key).join('\0')
    return this.#texts.for(key, () => {
      let next = 0
      const parts = groups.map((members) => {
        const piece = this.#build(members[0]?.shape ?? [])
        const first = next
        next += piece.holes.length + 1
        return lateral(piece, first)
      })
      return join(parts, ' union all ')
    })
  }
}

function groupByShape(readings: readonly Reading[]): Reading[][] {
  const groups = new Map<string, Reading[]>()
  for (const reading of readings) {
    const group = groups.get(reading.key)
    if (group === undefined) groups.set(reading.key, [reading])
    else group.push(reading)
  }
  return [...groups.values()]
}

/** `select … from unnest($1, $2 …) cross join lateral (piece)`, the parameters of the piece being columns of the list. */
function lateral(piece: BoundSql, first: number): BoundSql {
  const columns = piece.holes.map((_, i) => `c${i}`)
  const parameter = (index: number, type: string): BoundSql =>
    sql`${param({ operand: first + index, encode: (value: Value): unknown => value })}${raw(`::${type}[]`)}`
  const lists = [parameter(0, 'int'), ...columns.map((_, i) => parameter(i + 1, 'text'))]
  const names = [rowName, ...columns].map((name) => ident(name))
  // Every parameter of a statement carries a cast, which works on the text of the column as well.
  const inner: Sql<never> = {
    chunks: [piece.chunks.map((chunk, i) => (i === 0 ? chunk : `${ident(source, `c${i - 1}`).chunks[0]}${chunk}`)).join('')],
    holes: [],
  }
  return sql`(select ${ident(source, rowName)} as ${ident(rowName)}, r.* from unnest(${join(lists)}) as ${ident(source)} (${join(names)}) cross join lateral (${inner}) as r)`
}

/** What the driver would send for a parameter. */
function toText(value: unknown): string | null {
  if (value === null || value === undefined) return null
  if (Array.isArray(value)) return arrayText(value)
  return value instanceof Date ? value.toISOString() : String(value)
}

const arrayText = (items: readonly unknown[]): string =>
  `{${items
    .map((item) => {
      if (Array.isArray(item)) return arrayText(item)
      const text = toText(item)
      return text === null ? 'NULL' : `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
    })
    .join(',')}}`
