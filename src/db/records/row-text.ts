/**
 * Rows as JSON text. What Postgres sends of a column goes into the answer as text: no value, no object and no JSON of ours is made of it, and
 * jsonb passes as Postgres wrote it. Asking Postgres for whole rows (`row_to_json`) was measured too: it spends more there than is saved here.
 */
import { ident, join, sql } from '../../lib/sql.js'
import { parseJson, stringify } from '../../runtime/serialize.js'
import type { BoundSql } from '../inputs.js'
import type { TextRow } from '../queryable.js'
import type { TextFace } from '../text-face.js'
import { keepPaths, type RowShape } from './row.js'

export interface RowText {
  /** The SQL of the rows, or of the statement that returns them, in the form that {@link text} reads. */
  wrap(rows: BoundSql): BoundSql
  text(row: TextRow): string
}

/** Null when a member must become a value first. */
export function compileRowText({ selected, prune }: RowShape): RowText | null {
  const faces = selected.flatMap(({ name, text }): TextFace[] => (text === undefined ? [] : [pruned(text, prune.get(name))]))
  if (faces.length < selected.length || faces.length === 0) return null
  const heads = selected.map(({ name }, i) => `${i === 0 ? '{' : ','}${JSON.stringify(name)}:`)
  const columns = selected.map(({ name }, i) => (faces[i]?.toJson === true ? sql`to_json(${ident('r', name)}) as ${ident(name)}` : ident('r', name)))
  return {
    wrap: (rows) => (faces.some(({ toJson }) => toJson) ? sql`with r as (${rows}) select ${join(columns)} from r` : rows),
    text(row) {
      let out = ''
      for (let i = 0; i < faces.length; i++) {
        const text = row[i]
        out += heads[i]
        out += text === null || text === undefined ? 'null' : (faces[i] as TextFace).write(text)
      }
      return `${out}}`
    },
  }
}

const pruned = (face: TextFace, paths: readonly string[][] | undefined): TextFace =>
  paths === undefined ? face : { ...face, write: (text) => stringify(keepPaths(parseJson(face.write(text)), paths)) }
