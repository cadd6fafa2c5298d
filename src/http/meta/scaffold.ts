/** Ready-made endpoints for a table: `{kind: "auth"|"crud", table, api_group, auth?}`. */
import { z } from 'zod'
import { scaffold } from '../../workspace/scaffold.js'
import { scriptJson } from './definition-json.js'
import type { MetaRoute } from './route.js'

const body = z.object({ kind: z.enum(['auth', 'crud']), table: z.string().min(1), api_group: z.string().min(1), auth: z.string().optional() })

export const scaffoldRoutes: readonly MetaRoute[] = [
  {
    method: 'POST',
    path: '/workspace/:workspace_id/scaffold',
    area: 'api',
    async handle(call) {
      const { kind, table, api_group, auth } = call.json(body)
      const { saved, operations, summary } = await scaffold(call.deps, {
        workspaceId: call.workspaceId,
        branch: call.branch,
        kind,
        table,
        group: api_group,
        author: call.caller.name,
        ...(auth === undefined ? {} : { auth }),
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
      return { created, summary, operations }
    },
  },
]
