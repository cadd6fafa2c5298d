/** A workspace and one of its branches as they are stored, for planning a change. */
import type { Queryable } from '../db/client.js'
import { type BranchRow, type DefinitionRow, getBranch, getWorkspace, listDatasources, listDefinitions, type WorkspaceRow } from './store.js'

export interface WorkspaceState {
  workspace: WorkspaceRow
  branch: BranchRow
  datasources: string[]
  /** The shared definitions and those of the branch, in the order of creation. */
  rows: DefinitionRow[]
}

/** Throws `notFound` for an unknown workspace or branch. */
export async function readState(db: Queryable, workspaceId: number, branch: string | null): Promise<WorkspaceState> {
  const workspace = await getWorkspace(db, workspaceId)
  const branchRow = await getBranch(db, workspaceId, branch)
  const datasources = (await listDatasources(db, workspaceId)).map((row) => row.label)
  return { workspace, branch: branchRow, datasources, rows: await listDefinitions(db, workspaceId, branchRow.id) }
}
