/** All rows of a workspace as SQL. Password hashes are part of it only for a token that may do everything. */
import { PassThrough } from 'node:stream'
import { placeOf } from '../../db/ddl/names.js'
import { type DumpPlace, dumpTables } from '../../db/dump.js'
import { modelOfTable } from '../../workspace/models.js'
import { getWorkspace, listAllTables, listBranches, listDatasources } from '../../workspace/store.js'
import { type MetaCall, type MetaRoute, StreamAnswer } from './route.js'
import { writeTo } from './stream.js'

async function dump(call: MetaCall): Promise<StreamAnswer> {
  const { deps, workspaceId, caller } = call
  await getWorkspace(deps.db, workspaceId)
  const places = await listPlaces(call)
  const out = new PassThrough({ highWaterMark: 65_536 })
  dumpTables(deps.db, { workspaceId, places, secrets: caller.role === 'owner' && caller.scopes.includes('*') }, (text) => writeTo(out, text))
    .then(async (rows) => {
      await call.record('data.dumped', { rows })
      out.end()
      deps.observe?.({ kind: 'content_exported', actor: caller.name, workspaceId, table: '*', rows })
    })
    .catch((error: unknown) => out.destroy(error instanceof Error ? error : new Error(String(error))))
  return new StreamAnswer(out, 'application/sql; charset=utf-8', 'data.sql')
}

/** Every data source with the tables that branches share, and with the own ones of each branch that has them. */
async function listPlaces({ deps, workspaceId }: MetaCall): Promise<DumpPlace[]> {
  const labels = (await listDatasources(deps.db, workspaceId)).map(({ label }) => label)
  const tables = await listAllTables(deps.db, workspaceId)
  const apart = (await listBranches(deps.db, workspaceId)).filter(({ ownTables }) => ownTables)
  return [{ id: null, label: null }, ...apart].flatMap((branch) =>
    labels.map((label) => ({
      place: placeOf(label, branch.id),
      branch: branch.label,
      tables: tables.filter(({ branchId }) => branchId === branch.id).map(modelOfTable),
    })),
  )
}

export const dumpRoutes: readonly MetaRoute[] = [
  { method: 'GET', path: '/workspace/:workspace_id/export/sql', area: 'export', action: 'data.dump', handle: dump },
]
