/** The request history of a workspace: list, search, one request. Secrets were taken out before it was stored. */
import { z } from 'zod'
import { AppError, inputError } from '../../errors.js'
import type { RequestHistory } from '../../services/request-history.js'
import type { HistoryQuery, StoredRequest } from '../../services/request-history-rows.js'
import { getBranch, getWorkspace } from '../../workspace/store.js'
import { dateText, windowOf } from './format.js'
import type { MetaCall, MetaRoute } from './route.js'

const path = '/workspace/:workspace_id/request_history'
const area = 'history' as const
const mostPerPage = 500

function historyOf({ deps }: MetaCall): RequestHistory {
  if (deps.history === undefined) throw new AppError('unsupported', 'This server keeps no request history.')
  return deps.history
}

const requestJson = (request: StoredRequest, withOutput: boolean) => ({
  id: request.id,
  created_at: dateText(request.createdAt),
  duration: Math.round(request.duration * 1e6) / 1e6,
  status: request.status,
  verb: request.verb,
  uri: request.uri,
  input: JSON.parse(request.input) as unknown,
  request_headers: JSON.parse(request.requestHeaders) as unknown,
  response_headers: JSON.parse(request.responseHeaders) as unknown,
  workspace_id: request.workspaceId,
  branch_id: request.branchId,
  api_id: request.apiId,
  query_id: request.queryId,
  auth: request.caller,
  ip: request.ip,
  ...(withOutput ? { output: request.output === null ? null : (JSON.parse(request.output) as unknown) } : {}),
  ...(withOutput && request.statements !== null ? (JSON.parse(request.statements) as object) : {}),
})

interface Asked extends Omit<HistoryQuery, 'workspaceId' | 'limit' | 'offset' | 'branchId'> {
  branch?: string | undefined
  branchId?: number | undefined
  page: number
  perPage: number
  output: boolean
}

async function answer(call: MetaCall, { branch, branchId, page, perPage, output, ...asked }: Asked): Promise<unknown> {
  const history = historyOf(call)
  await getWorkspace(call.deps.db, call.workspaceId)
  const named = branch === undefined || branch === '' ? branchId : (await getBranch(call.deps.db, call.workspaceId, branch)).id
  await history.flush()
  // One more than the page tells whether there is a next one, without counting everything.
  const found = await history.list({ ...asked, workspaceId: call.workspaceId, branchId: named, limit: perPage + 1, offset: (page - 1) * perPage })
  return {
    curPage: page,
    nextPage: found.length > perPage ? page + 1 : null,
    prevPage: page > 1 ? page - 1 : null,
    items: found.slice(0, perPage).map((request) => requestJson(request, output)),
  }
}

const idOf = (call: MetaCall, ...names: string[]): number | undefined => {
  for (const name of names) {
    const text = call.query(name)
    if (text === '') continue
    if (!/^\d{1,9}$/.test(text)) throw inputError(name, `"${name}" must be an id.`)
    return Number(text)
  }
  return undefined
}

async function list(call: MetaCall): Promise<unknown> {
  const { page, perPage } = windowOf(call, 50, mostPerPage)
  return answer(call, {
    page,
    perPage,
    branch: call.query('branch'),
    branchId: idOf(call, 'branch_id'),
    apiId: idOf(call, 'apigroup_id', 'api_id'),
    queryId: idOf(call, 'query_id'),
    output: call.flag('include_output'),
  })
}

const id = z.number().int().min(0)
const value = z.union([z.string(), z.number()])
const searchBody = z.object({
  page: z.number().int().min(1).default(1),
  per_page: z.number().int().min(1).max(mostPerPage).default(50),
  branch: z.string().optional(),
  apigroup_id: id.optional(),
  api_id: id.optional(),
  query_id: id.optional(),
  status: z.array(z.number().int()).max(100).optional(),
  verb: z.array(z.string()).max(10).optional(),
  from_date: value.optional(),
  to_date: value.optional(),
  search: z.union([z.string().max(200), z.record(z.string(), value)]).optional(),
  sort: z.partialRecord(z.enum(['created_at', 'duration', 'status']), z.enum(['asc', 'desc'])).optional(),
  include_output: z.boolean().default(false),
})

function instantOf(name: string, given: string | number | undefined): number | undefined {
  if (given === undefined || given === '') return undefined
  const ms = typeof given === 'number' ? given : /^\d{12,14}$/.test(given) ? Number(given) : Date.parse(given)
  if (Number.isNaN(ms)) throw inputError(name, `"${name}" must be a date.`)
  return ms
}

/** `{"status": 500}`, `{"duration|>=": 0.5}`, `{"created_at|>=": ms}`. */
function conditions(search: Record<string, string | number>): Pick<HistoryQuery, 'statuses' | 'minDuration' | 'from' | 'to'> {
  const out: { -readonly [K in 'statuses' | 'minDuration' | 'from' | 'to']?: HistoryQuery[K] } = {}
  for (const [key, given] of Object.entries(search)) {
    const [column, op = '='] = key.split('|')
    if (column === 'status' && (op === '=' || op === '==')) out.statuses = [Number(given)]
    else if (column === 'duration' && (op === '>=' || op === '>')) out.minDuration = Number(given) * 1000
    else if (column === 'created_at' && (op === '>=' || op === '>')) out.from = instantOf(key, given)
    else if (column === 'created_at' && (op === '<=' || op === '<')) out.to = instantOf(key, given)
    else throw inputError('search', `"${key}" is not a condition of the history: use status, duration|>=, created_at|>= or created_at|<=.`)
  }
  return out
}

async function search(call: MetaCall): Promise<unknown> {
  const body = call.json(searchBody)
  const [sort] = Object.entries(body.sort ?? {})
  return answer(call, {
    page: body.page,
    perPage: body.per_page,
    branch: body.branch,
    apiId: body.apigroup_id ?? body.api_id,
    queryId: body.query_id,
    statuses: body.status,
    verbs: body.verb?.map((verb) => verb.toUpperCase()),
    from: instantOf('from_date', body.from_date),
    to: instantOf('to_date', body.to_date),
    ...(typeof body.search === 'object' ? conditions(body.search) : { search: body.search }),
    sort: sort?.[0] as HistoryQuery['sort'],
    ascending: sort?.[1] === 'asc',
    output: body.include_output,
  })
}

async function get(call: MetaCall): Promise<unknown> {
  const history = historyOf(call)
  await history.flush()
  const found = await history.get(call.workspaceId, call.id('history_id'))
  if (found === undefined) throw new AppError('notFound', 'There is no such request in the history.')
  return requestJson(found, true)
}

export const requestHistoryRoutes: readonly MetaRoute[] = [
  { method: 'GET', path, area, handle: list },
  { method: 'POST', path: `${path}/search`, area, access: 'read', handle: search },
  { method: 'GET', path: `${path}/:history_id`, area, handle: get },
]
