/** All rows of a workspace as SQL. Password hashes are part of it only for a token that may do everything. */
import { PassThrough } from 'node:stream'
import { dumpTables } from '../../db/dump.js'
import { modelOfTable } from '../../workspace/models.js'
import { getWorkspace, listDatasources, listTables } from '../../workspace/store.js'
import { type MetaCall, type MetaRoute, StreamAnswer } from './route.js'
import { writeTo } from './stream.js'

async function dump(call: MetaCall): Promise<StreamAnswer> {
  const { deps, workspaceId, caller } = call
  await getWorkspace(deps.db, workspaceId)
  const datasources = (await listDatasources(deps.db, workspaceId)).map(({ label }) => label)
  const tables = (await listTables(deps.db, workspaceId)).map(modelOfTable)
  const out = new PassThrough({ highWaterMark: 65_536 })
  dumpTables(deps.db, { workspaceId, datasources, tables, secrets: caller.role === 'owner' && caller.scopes.includes('*') }, (text) => writeTo(out, text))
    .then(async (rows) => {
      await call.record('data.dumped', { rows })
      out.end()
      deps.observe?.({ kind: 'content_exported', actor: caller.name, workspaceId, table: '*', rows })
    })
    .catch((error: unknown) => out.destroy(error instanceof Error ? error : new Error(String(error))))
  return new StreamAnswer(out, 'application/sql; charset=utf-8', 'data.sql')
}

export const dumpRoutes: readonly MetaRoute[] = [
  { method: 'GET', path: '/workspace/:workspace_id/export/sql', area: 'export', action: 'data.dump', handle: dump },
]
