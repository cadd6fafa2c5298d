/** After the master secret was changed: what a workspace keeps sealed is sealed with the new one, and so is the secret of the alert webhook. */
import { resealFactors } from '../../auth/reseal-factors.js'
import { reencrypt } from '../../db/reencrypt.js'
import { readEnv, writeEnv } from '../../workspace/env.js'
import { modelOfTable } from '../../workspace/models.js'
import { getWorkspace, listAllTables, listDatasources } from '../../workspace/store.js'
import type { MetaRoute } from './route.js'

export const reencryptRoutes: readonly MetaRoute[] = [
  {
    method: 'POST',
    path: '/workspace/:workspace_id/security/reencrypt',
    area: 'instance',
    async handle({ deps, workspaceId }) {
      await getWorkspace(deps.db, workspaceId)
      const variables = await deps.db.withTransaction(async (transaction) => {
        const env = await readEnv(transaction, deps.cipher, workspaceId)
        const texts = new Map([...env].map(([name, value]): [string, string] => [name, String(value)]))
        await writeEnv(transaction, deps.cipher, workspaceId, texts, false)
        return texts.size
      })
      const datasources = (await listDatasources(deps.db, workspaceId)).map(({ label }) => label)
      const tables = await listAllTables(deps.db, workspaceId)
      const vault = deps.vaults(workspaceId)
      const columns = { values: 0, unreadable: 0 }
      for (const branchId of new Set(tables.map((table) => table.branchId))) {
        const models = tables.filter((table) => table.branchId === branchId).map(modelOfTable)
        const sealed = await reencrypt(deps.db, { workspaceId, datasources, tablesOf: branchId, tables: models, vault })
        columns.values += sealed.values
        columns.unreadable += sealed.unreadable
      }
      const factors = await resealFactors(deps.db, { workspaceId, tableIds: tables.map(({ id }) => id), vault })
      await deps.watch?.webhook.reseal()
      return { values: columns.values, unreadable: columns.unreadable + factors.unreadable, second_factors: factors.values, variables }
    },
  },
]
