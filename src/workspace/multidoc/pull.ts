/** A branch as documents, in an order that never changes by itself, joined by `---` lines. */
import type { Queryable } from '../../db/client.js'
import { literalOf } from '../../definitions/constant.js'
import { withGuid } from '../../definitions/guid.js'
import { kindOrder } from '../../definitions/kinds.js'
import { printDefinition } from '../../lang/printer.js'
import type { Definition } from '../../lang/tree.js'
import { type EnvCipher, readEnv } from '../env.js'
import { withEnv } from '../env-values.js'
import { modelOfTable } from '../models.js'
import { exportRows } from '../seed.js'
import { readState } from '../state.js'
import type { DefinitionRow } from '../store.js'

export interface PullOptions {
  workspaceId: number
  /** Null or `""` = the live branch. */
  branch: string | null
  /** Include the values of workspace variables. */
  env: boolean
  /** Include the rows of the live data source as `items`. */
  records: boolean
  /** Told how many rows of a table are part of it. */
  onRows?(count: number): void
}

/** The text of a pull. Throws `notFound` for an unknown workspace or branch. */
export async function pull(db: Queryable, cipher: EnvCipher, options: PullOptions): Promise<string> {
  const state = await readState(db, options.workspaceId, options.branch)
  const documents: string[] = []
  for (const row of [...state.rows].sort(inPullOrder)) documents.push(printDefinition(withGuid(await withData(db, cipher, row, options), row.guid)).trimEnd())
  return documents.length === 0 ? '' : `${documents.join('\n---\n')}\n`
}

async function withData(db: Queryable, cipher: EnvCipher, row: DefinitionRow, options: PullOptions): Promise<Definition> {
  if (row.kind === 'workspace' && options.env) return withEnv(row.definition, await readEnv(db, cipher, options.workspaceId))
  if (row.kind !== 'table' || !options.records) return row.definition
  const rows = await exportRows(db, { workspaceId: options.workspaceId, tablesOf: row.branchId }, modelOfTable(row))
  options.onRows?.(rows.length)
  return rows.length === 0 ? row.definition : { ...row.definition, attributes: [...row.definition.attributes, { name: 'items', value: literalOf(rows) }] }
}

/** By kind, then group, then name, by code point. */
export function inPullOrder(a: DefinitionRow, b: DefinitionRow): number {
  return kindOrder(a.kind) - kindOrder(b.kind) || compare(a.kind, b.kind) || compare(a.parent, b.parent) || compare(a.name, b.name) || compare(a.verb, b.verb)
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
