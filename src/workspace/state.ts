/** A workspace and one of its branches as they are stored, for planning a change. */
import type { Queryable } from '../db/client.js'
import { placeOf } from '../db/ddl/names.js'
import { readExtensions } from '../db/extensions.js'
import type { Extensions } from '../definitions/table.js'
import { type BranchRow, type DefinitionRow, getBranch, getWorkspace, listDatasources, listDefinitions, type WorkspaceRow } from './store.js'

export interface WorkspaceState {
  workspace: WorkspaceRow
  branch: BranchRow
  /** Where the rows of its tables are; see `placeOf`. */
  datasources: string[]
  /** The shared definitions and those of the branch, in the order of creation. */
  rows: DefinitionRow[]
  /** What indexes may use. */
  extensions: Extensions
}

/** The branch itself when its tables are its own, else null. */
export const tablesOf = ({ id, ownTables }: Pick<BranchRow, 'id' | 'ownTables'>): number | null => (ownTables ? id : null)

/** Throws `notFound` for an unknown workspace or branch. */
export async function readState(db: Queryable, workspaceId: number, branch: string | null): Promise<WorkspaceState> {
  const workspace = await getWorkspace(db, workspaceId)
  const branchRow = await getBranch(db, workspaceId, branch)
  const datasources = (await listDatasources(db, workspaceId)).map((row) => placeOf(row.label, tablesOf(branchRow)))
  return { workspace, branch: branchRow, datasources, rows: await listDefinitions(db, workspaceId, branchRow.id), extensions: await readExtensions(db) }
}
