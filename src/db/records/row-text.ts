/** Rows as JSON text: Postgres writes runs of columns, what only we read right is decoded and written here, in the order of the row. */
import { ident, join, raw, sql } from '../../lib/sql.js'
import { stringify } from '../../runtime/serialize.js'
import type { BoundSql } from '../inputs.js'
import type { RawRow } from './plan.js'
import { compileRowReader, type RowShape, type Selected } from './row.js'

export interface RowText {
  /** Wraps the SQL of the rows. */
  wrap(rows: BoundSql): BoundSql
  text(row: RawRow): string
}

/** Members next to each other that travel the same way. */
interface Run {
  members: Selected[]
  byPostgres: boolean
}

export function compileRowText(shape: RowShape): RowText {
  const runs = toRuns(shape)
  const fragment = (i: number): string => `~${i}`
  const only = runs.length === 1 && runs[0]?.byPostgres === true
  const columns = runs.flatMap(({ members, byPostgres }, i) => {
    const own = members.map(({ name }) => ident('r', name))
    return byPostgres ? [sql`row_to_json(${only ? raw('r') : ident(`f${i}`)})::text as ${ident(fragment(i))}`] : own
  })
  // `offset 0` keeps the row together as one value.
  const parts = runs.map(({ members, byPostgres }, i) =>
    byPostgres && !only ? sql` cross join lateral (select ${join(members.map(({ name }) => ident('r', name)))} offset 0) as ${ident(`f${i}`)}` : raw(''),
  )
  const writers = runs.map(({ members, byPostgres }, i) => {
    if (byPostgres) return (row: RawRow): string => (row[fragment(i)] as string).slice(1, -1)
    const read = compileRowReader({ selected: members, prune: shape.prune })
    return (row: RawRow): string => stringify(read(row)).slice(1, -1)
  })
  const [first, ...rest] = writers
  return {
    wrap: (rows) => sql`select ${columns.length === 0 ? raw('1') : join(columns)} from (${rows}) as r${join(parts, '')}`,
    text(row) {
      if (only) return row[fragment(0)] as string
      let out = first === undefined ? '' : first(row)
      for (const write of rest) out += `,${write(row)}`
      return `{${out}}`
    },
  }
}

function toRuns({ selected, prune }: RowShape): Run[] {
  const out: Run[] = []
  for (const member of selected) {
    const byPostgres = member.json !== undefined && !prune.has(member.name)
    const last = out.at(-1)
    if (last?.byPostgres === byPostgres) last.members.push(member)
    else out.push({ members: [member], byPostgres })
  }
  // A short column or two between others are written faster than asked for.
  if (out.length > 1) for (const run of out) if (run.members.length <= 2 && run.members.every(({ json }) => json === 'short')) run.byPostgres = false
  return out
}
