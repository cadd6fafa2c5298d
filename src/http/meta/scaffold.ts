/** Ready-made endpoints for a table: `{kind, table, api_group, auth?, roles?, provider?}`. */
import { z } from 'zod'
import { scaffold, scaffoldKinds } from '../../workspace/scaffold.js'
import { type CrudOperation, crudOperations } from '../../workspace/templates/crud.js'
import { scriptJson } from './definition-json.js'
import type { MetaRoute } from './route.js'

const roleNames = z.array(z.string().min(1).max(64)).min(1).max(50).optional()

const body = z.object({
  kind: z.enum(scaffoldKinds),
  table: z.string().min(1),
  api_group: z.string().min(1),
  auth: z.string().optional(),
  /** `{read: ["admin"], delete: ["admin"]}`, for crud. */
  roles: z.strictObject(Object.fromEntries(crudOperations.map((operation) => [operation, roleNames])) as Record<CrudOperation, typeof roleNames>).optional(),
  provider: z.string().optional(),
})

export const scaffoldRoutes: readonly MetaRoute[] = [
  {
    method: 'POST',
    path: '/workspace/:workspace_id/scaffold',
    area: 'api',
    async handle(call) {
      const { kind, table, api_group, auth, roles, provider } = call.json(body)
      const { saved, operations, summary, findings } = await scaffold(call.deps, {
        workspaceId: call.workspaceId,
        branch: call.branch,
        kind,
        table,
        group: api_group,
        author: call.caller.name,
        ...(auth === undefined ? {} : { auth }),
        ...(roles === undefined ? {} : { roles }),
        ...(provider === undefined ? {} : { provider }),
      })
      const created = saved.map(({ id, guid, entry }) => ({
        id,
        guid,
        type: entry.kind,
        name: entry.name,
        ...(entry.verb === '' ? {} : { verb: entry.verb, api_group: entry.parent }),
        ...(entry.canonical === null ? {} : { canonical: entry.canonical }),
        xanoscript: scriptJson(entry.definition, guid).value,
      }))
      return { created, summary, operations, ...(findings.length === 0 ? {} : { findings }) }
    },
  },
]
