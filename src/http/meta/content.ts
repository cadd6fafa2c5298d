/** Rows of a table: browse, search, add, edit, delete, in bulk, and truncate; header `x-data-source` names the data source. */
import { z } from 'zod'
import { type Affected, type Content, createContent } from '../../db/content.js'
import type { TableModel } from '../../definitions/table.js'
import { fromPlain, isObj, type Obj, type Value } from '../../lib/value.js'
import { modelOfTable } from '../../workspace/models.js'
import { listDatasources } from '../../workspace/store.js'
import { windowOf } from './format.js'
import type { MetaCall, MetaRoute } from './route.js'
import { findTable } from './table.js'

export interface Rows {
  content: Content
  table: TableModel
}

export async function openRows(call: MetaCall): Promise<Rows> {
  const { row } = await findTable(call)
  const datasources = (await listDatasources(call.deps.db, call.workspaceId)).map((one) => one.label)
  const { services } = call.deps
  const content = createContent(call.deps.db, {
    workspaceId: call.workspaceId,
    datasource: call.datasource,
    datasources,
    tablesOf: row.branchId,
    clock: services.clock,
    hash: (text) => services.passwords.hash(text),
    judge: (text, rules) => services.passwords.judge(text, rules),
    vault: call.deps.vaults(call.workspaceId),
    appName: call.deps.live.current.workspaces.get(call.workspaceId)?.name ?? '',
  })
  return { content, table: modelOfTable(row) }
}

const object = z.record(z.string(), z.unknown())
const rowId = z.union([z.number().int(), z.string().min(1)])
const search = z.union([object, z.array(object)])
const toObj = (value: unknown): Obj => {
  const read = fromPlain(value)
  return isObj(read) ? read : new Map<string, Value>()
}
const toValue = (value: unknown): Value => fromPlain(value)
const affected = ({ success, success_total }: Affected) => ({ success, success_total })

/** The row id of the path: text for uuid keys. */
const rowOf = (call: MetaCall): Value => (/^\d{1,15}$/.test(call.param('row')) ? Number(call.param('row')) : call.param('row'))

const searchBody = z.object({
  page: z.number().int().min(1).default(1),
  per_page: z.number().int().min(1).max(10_000).default(50),
  sort: z.unknown().optional(),
  search: z.unknown().optional(),
})

const path = '/workspace/:workspace_id/table/:id/content'
const area = 'content' as const

/** `POST` of a body, over the rows of the table in the path. */
const posting = <T>(below: string, schema: z.ZodType<T>, act: (rows: Rows, body: T) => Promise<unknown>, access?: 'read'): MetaRoute => ({
  method: 'POST',
  path: `${path}${below}`,
  area,
  ...(access === undefined ? {} : { access }),
  async handle(call) {
    const body = call.json(schema)
    return act(await openRows(call), body)
  },
})

export const contentRoutes: readonly MetaRoute[] = [
  {
    method: 'GET',
    path,
    area,
    async handle(call) {
      const { content, table } = await openRows(call)
      return content.browse(table, windowOf(call))
    },
  },
  posting(
    '/search',
    searchBody,
    ({ content, table }, body) =>
      content.browse(table, {
        page: body.page,
        perPage: body.per_page,
        ...(body.search === undefined ? {} : { search: toValue(body.search) }),
        ...(body.sort === undefined ? {} : { sort: toValue(body.sort) }),
      }),
    'read',
  ),
  posting('', object, ({ content, table }, body) => content.add(table, toObj(body))),
  posting('/bulk', z.object({ items: z.array(object), allow_id_field: z.boolean().default(false) }), ({ content, table }, body) =>
    content.bulkAdd(table, body.items.map(toValue), { allowIds: body.allow_id_field }),
  ),
  posting('/bulk/patch', z.object({ items: z.array(z.object({ row_id: rowId, updates: object })) }), async ({ content, table }, body) =>
    affected(
      await content.bulkPatch(
        table,
        body.items.map((item) => ({ rowId: item.row_id, updates: toObj(item.updates) })),
      ),
    ),
  ),
  posting('/bulk/delete', z.object({ row_ids: z.array(rowId) }), async ({ content, table }, body) => affected(await content.bulkDelete(table, body.row_ids))),
  posting('/search/patch', z.object({ search, updates: object }), async ({ content, table }, body) =>
    affected(await content.searchPatch(table, toValue(body.search), toObj(body.updates))),
  ),
  posting('/search/delete', z.object({ search }), async ({ content, table }, body) => affected(await content.searchDelete(table, toValue(body.search)))),
  {
    method: 'GET',
    path: `${path}/:row`,
    area,
    async handle(call) {
      const { content, table } = await openRows(call)
      return content.get(table, rowOf(call))
    },
  },
  {
    method: 'PUT',
    path: `${path}/:row`,
    area,
    async handle(call) {
      const body = call.json(object)
      const { content, table } = await openRows(call)
      return content.edit(table, rowOf(call), toObj(body))
    },
  },
  {
    method: 'DELETE',
    path: `${path}/:row`,
    area,
    async handle(call) {
      const { content, table } = await openRows(call)
      await content.delete(table, rowOf(call))
      return null
    },
  },
  {
    method: 'DELETE',
    path: '/workspace/:workspace_id/table/:id/truncate',
    area,
    async handle(call) {
      const { reset } = call.json(z.object({ reset: z.boolean().default(false) }))
      const { content, table } = await openRows(call)
      await content.truncate(table, { reset: reset || call.flag('reset') })
      return null
    },
  },
]
