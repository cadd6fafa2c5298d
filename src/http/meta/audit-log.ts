/** The audit log: list, search, verify. */
import { z } from 'zod'
import { AppError, inputError } from '../../errors.js'
import type { AuditQuery, StoredEntry } from '../../services/audit-log.js'
import { verifyAuditLog } from '../../services/audit-verify.js'
import { dateText, envelope, windowOf } from './format.js'
import { checked, type MetaCall, type MetaRoute } from './route.js'

const searchBody = z.object({
  page: z.number().int().min(1).default(1),
  per_page: z.number().int().min(1).max(10_000).default(50),
  search: z.string().max(200).optional(),
  action: z.string().max(100).optional(),
  from_date: z.string().optional(),
  to_date: z.string().optional(),
  include_data: z.boolean().default(false),
})

const entryJson = (entry: StoredEntry, withData: boolean) => ({
  id: entry.id,
  created_at: dateText(entry.createdAt),
  action: entry.action,
  user: entry.actor,
  token_id: entry.tokenId,
  account_id: entry.accountId,
  ip: entry.ip,
  workspace_id: entry.workspaceId,
  object: entry.object,
  before: entry.before,
  after: entry.after,
  hash: entry.hash,
  ...(withData ? { data: entry.data } : {}),
})

function instantOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined
  const ms = /^\d{12,14}$/.test(text) ? Number(text) : Date.parse(text)
  if (Number.isNaN(ms)) throw inputError(name, `"${name}" must be a date.`)
  return ms
}

type Asked = z.output<typeof searchBody>

async function search(call: MetaCall, workspaceId: number | undefined, { page, per_page, include_data, ...asked }: Asked): Promise<unknown> {
  const query: AuditQuery = {
    workspaceId,
    action: asked.action,
    search: asked.search,
    from: instantOf('from_date', asked.from_date),
    to: instantOf('to_date', asked.to_date),
    limit: per_page,
    offset: (page - 1) * per_page,
  }
  const { items, total } = await call.deps.audit.list(query)
  return envelope(
    items.map((entry) => entryJson(entry, include_data)),
    total,
    { page, perPage: per_page },
  )
}

/** The parameters of the query, as the body of a search has them. */
const listed = (call: MetaCall): Asked => {
  const { page, perPage } = windowOf(call)
  return checked(searchBody, {
    page,
    per_page: perPage,
    search: call.query('search') || undefined,
    action: call.query('action') || undefined,
    from_date: call.query('from_date') || undefined,
    to_date: call.query('to_date') || undefined,
    include_data: call.flag('include_data'),
  })
}

async function verify(call: MetaCall): Promise<unknown> {
  const text = call.query('expect')
  const [, id, hash] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text) ?? []
  if (text !== '' && (id === undefined || hash === undefined))
    throw new AppError('input', '"expect" is id:hash, as an earlier check said.', { payload: { param: 'expect' } })
  return verifyAuditLog(call.deps.db, call.deps.audit, { expect: id === undefined || hash === undefined ? undefined : { id: Number(id), hash } })
}

const area = 'audit' as const

export const auditLogRoutes: readonly MetaRoute[] = [
  { method: 'GET', path: '/audit_log', area, handle: (call) => search(call, undefined, listed(call)) },
  { method: 'POST', path: '/audit_log/search', area, access: 'read', handle: (call) => search(call, undefined, call.json(searchBody)) },
  { method: 'GET', path: '/audit_log/verify', area, handle: verify },
  { method: 'GET', path: '/workspace/:workspace_id/audit_log', area, handle: (call) => search(call, call.workspaceId, listed(call)) },
  {
    method: 'POST',
    path: '/workspace/:workspace_id/audit_log/search',
    area,
    access: 'read',
    handle: (call) => search(call, call.workspaceId, call.json(searchBody)),
  },
]
