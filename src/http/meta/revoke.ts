/** Logs a row of a table with auth out everywhere: every token issued for it so far is void. */
import { AppError } from '../../errors.js'
import { modelOfTable } from '../../workspace/models.js'
import { readState } from '../../workspace/state.js'
import { listAllTables } from '../../workspace/store.js'
import type { MetaRoute } from './route.js'

export const revokeRoutes: readonly MetaRoute[] = [
  {
    method: 'POST',
    path: '/workspace/:workspace_id/auth/:table/:row/revoke',
    area: 'content',
    async handle({ deps, workspaceId, branch, param }) {
      const wanted = param('table')
      // An id names its branch by itself.
      const named = (await readState(deps.db, workspaceId, branch)).rows.find((row) => row.kind === 'table' && row.name === wanted)
      const row = named ?? (await listAllTables(deps.db, workspaceId)).find(({ id }) => String(id) === wanted)
      const table = row === undefined ? undefined : modelOfTable(row)
      if (table === undefined) throw new AppError('notFound', `Table "${wanted}" does not exist.`)
      if (!table.auth) throw new AppError('badRequest', `The table "${table.name}" does not issue auth tokens.`)
      if (deps.epochs === undefined) throw new AppError('unsupported')
      await deps.epochs.revoke(workspaceId, table.id, param('row'))
      return null
    },
  },
]
