/** Rows of the request history, and the SQL that reads and writes them. */

export interface StoredRequest {
  id: number
  createdAt: number
  workspaceId: number
  branchId: number
  apiId: number
  queryId: number
  verb: string
  uri: string
  status: number
  /** Seconds. */
  duration: number
  /** JSON texts. */
  input: string
  output: string | null
  requestHeaders: string
  responseHeaders: string
  caller: string
  ip: string
  /** JSON; null when none were asked for. */
  statements: string | null
}

export interface HistoryQuery {
  workspaceId: number
  apiId?: number | undefined
  queryId?: number | undefined
  branchId?: number | undefined
  statuses?: readonly number[] | undefined
  verbs?: readonly string[] | undefined
  /** Part of the URI. */
  search?: string | undefined
  /** Milliseconds. */
  minDuration?: number | undefined
  /** Epoch ms, inclusive. */
  from?: number | undefined
  to?: number | undefined
  sort?: 'created_at' | 'duration' | 'status' | undefined
  ascending?: boolean | undefined
  limit: number
  offset: number
}

export const columns =
  'created_at, workspace_id, branch_id, api_id, query_id, verb, uri, status, duration, input, output, request_headers, response_headers, caller, ip, statements'
export const insert = `insert into stackhold.request_history (${columns})
  select to_timestamp(e.at / 1000), e.workspace_id, e.branch_id, e.api_id, e.query_id, e.verb, e.uri, e.status, e.duration, e.input, e.output, e.request_headers, e.response_headers, e.caller, e.ip, e.statements
  from unnest($1::float8[], $2::int[], $3::int[], $4::int[], $5::int[], $6::text[], $7::text[], $8::int[], $9::float8[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[], $16::text[])
    as e (at, workspace_id, branch_id, api_id, query_id, verb, uri, status, duration, input, output, request_headers, response_headers, caller, ip, statements)`

export interface RequestRow {
  id: number
  created_at: number
  workspace_id: number
  branch_id: number
  api_id: number
  query_id: number
  verb: string
  uri: string
  status: number
  duration: number
  input: string
  output: string | null
  request_headers: string
  response_headers: string
  caller: string
  ip: string
  statements: string | null
}

export const toStored = (row: RequestRow): StoredRequest => ({
  id: row.id,
  createdAt: row.created_at,
  workspaceId: row.workspace_id,
  branchId: row.branch_id,
  apiId: row.api_id,
  queryId: row.query_id,
  verb: row.verb,
  uri: row.uri,
  status: row.status,
  duration: row.duration,
  input: row.input,
  output: row.output,
  requestHeaders: row.request_headers,
  responseHeaders: row.response_headers,
  caller: row.caller,
  ip: row.ip,
  statements: row.statements,
})

const sortColumns = { created_at: 'id', duration: 'duration', status: 'status' } as const

export const listText = ({ sort = 'created_at', ascending = false }: HistoryQuery): string => `select id, ${columns} from stackhold.request_history
  where workspace_id = $1 and ($2::int is null or api_id = $2) and ($3::int is null or query_id = $3) and ($4::int is null or branch_id = $4)
    and ($5::int[] is null or status = any($5)) and ($6::text[] is null or verb = any($6)) and ($7::text is null or uri ilike $7)
    and ($8::float8 is null or duration >= $8) and ($9::float8 is null or created_at >= to_timestamp($9 / 1000)) and ($10::float8 is null or created_at <= to_timestamp($10 / 1000))
  order by ${sortColumns[sort]} ${ascending ? 'asc' : 'desc'}, id desc limit $11 offset $12`

export const listValues = (query: HistoryQuery): unknown[] => [
  query.workspaceId,
  query.apiId ?? null,
  query.queryId ?? null,
  query.branchId ?? null,
  query.statuses ?? null,
  query.verbs ?? null,
  query.search === undefined || query.search === '' ? null : `%${query.search.replace(/[\\%_]/g, '\\$&')}%`,
  query.minDuration === undefined ? null : query.minDuration / 1000,
  query.from ?? null,
  query.to ?? null,
  query.limit,
  query.offset,
]
