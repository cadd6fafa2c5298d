/** Makes a table that is in the database already a table of the workspace; its rows stay. */
import { z } from 'zod'
import { planAdoption, readForeignTable } from '../../db/ddl/adopt.js'
import type { IndexModel, TableModel } from '../../definitions/table.js'
import { tableToDefinition } from '../../definitions/table-json.js'
import { modelOfTable } from '../../workspace/models.js'
import { readContext, saveObject } from './logic-object.js'
import type { MetaCall, MetaRoute } from './route.js'
import { tableResource } from './table.js'

const body = z.object({
  schema: z.string().min(1).max(63).default('public'),
  table: z.string().min(1).max(63),
  name: z.string().min(1).max(63).optional(),
  auth: z.boolean().default(false),
})

async function adopt(call: MetaCall): Promise<unknown> {
  const { schema, table, name = table, auth } = call.json(body)
  const context = await readContext(call)
  const { fields, indexes, replaced, notes } = await readForeignTable(call.deps.db, schema, table)
  const primary: IndexModel = { type: 'primary', fields: [{ name: 'id' }] }
  const shell: Omit<TableModel, 'columns'> = { id: 0, guid: '', name, description: '', auth, indexes: [primary, ...indexes], views: [], items: null }
  const columns = modelOfTable({
    id: 0,
    guid: '',
    definition: { kind: 'table', name, headAttributes: [], attributes: [], tests: [], groups: [], schema: fields },
  }).columns
  const definition = tableToDefinition({ ...shell, columns })
  const saved = await saveObject(
    tableResource,
    context,
    { definition, source: null, isNew: true },
    { planner: (before, after, options) => (before === null && after.name === name ? planAdoption(after, { schema, table, replaced }, options) : null) },
  )
  return { ...saved, notes }
}

export const adoptRoutes: readonly MetaRoute[] = [
  { method: 'POST', path: '/workspace/:workspace_id/table/adopt', area: 'instance', access: 'write', handle: adopt },
]
