/** Ready-made endpoints for a table, pushed as ordinary definitions. */
import { AppError } from '../errors.js'
import { didYouMean } from '../lang/suggest.js'
import type { Definition } from '../lang/tree.js'
import { applyChange, type ChangeContext, type ChangeOutcome } from './change.js'
import { modelsOf } from './models.js'
import { readState } from './state.js'
import { authenticationEndpoints } from './templates/authentication.js'
import { crudEndpoints } from './templates/crud.js'

export interface ScaffoldRequest {
  workspaceId: number
  branch: string | null
  kind: 'auth' | 'crud'
  table: string
  /** Name of the API group; made when there is none. */
  group: string
  /** Table whose tokens open the CRUD endpoints; the only auth-enabled table when absent. */
  auth?: string
  author?: string
}

/** Adds the endpoints. Throws `notFound` for an unknown table, `conflict` when a path is taken. */
export async function scaffold(context: ChangeContext, request: ScaffoldRequest): Promise<ChangeOutcome> {
  const state = await readState(context.db, request.workspaceId, request.branch)
  const tables = modelsOf(state.rows.filter((row) => row.kind === 'table'))
  const table = tables.get(request.table)
  if (table === undefined)
    throw new AppError('notFound', `The table "${request.table}" does not exist.`, { hint: didYouMean(request.table, tables.keys()) ?? '' })
  const authTables = [...tables.values()].filter((candidate) => candidate.auth).map((candidate) => candidate.name)
  const endpoints =
    request.kind === 'auth'
      ? authenticationEndpoints({ table, group: request.group })
      : crudEndpoints({ table, group: request.group, auth: authOf(request, authTables) })
  const hasGroup = state.rows.some((row) => row.kind === 'api_group' && row.name === request.group)
  const documents = [...(hasGroup ? [] : [emptyGroup(request.group)]), ...endpoints].map((definition) => ({ definition, source: null }))
  return applyChange(context, {
    workspaceId: request.workspaceId,
    branch: request.branch,
    documents,
    author: request.author ?? '',
    guard: ({ rows }) => assertNew(rows, endpoints, request.group),
  })
}

function authOf({ auth }: ScaffoldRequest, tables: readonly string[]): string {
  if (auth !== undefined && auth !== '') {
    if (!tables.includes(auth)) throw new AppError('badRequest', `The table "${auth}" has no auth enabled.`, { hint: didYouMean(auth, tables) ?? '' })
    return auth
  }
  const [only] = tables
  if (only === undefined || tables.length > 1)
    throw new AppError('input', 'Missing param: auth', {
      payload: { param: 'auth' },
      hint: tables.length > 1 ? `Choose one of ${tables.join(', ')}.` : 'These endpoints are private: make a table with auth = true first.',
    })
  return only
}

/** What a builder has edited is never overwritten. */
function assertNew(rows: readonly { kind: string; parent: string; name: string }[], endpoints: readonly Definition[], group: string): void {
  const taken = endpoints.find((endpoint) => rows.some((row) => row.kind === 'query' && row.parent === group && row.name === endpoint.name))
  if (taken !== undefined)
    throw new AppError('conflict', `The API group "${group}" has an endpoint at "${taken.name}" already.`, { hint: 'Choose another API group.' })
}

const emptyGroup = (name: string): Definition => ({ kind: 'api_group', name, headAttributes: [], attributes: [], tests: [], groups: [] })
