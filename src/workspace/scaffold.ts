/** Ready-made endpoints for a table, pushed as ordinary definitions. */
import type { TableModel } from '../definitions/table.js'
import { AppError } from '../errors.js'
import { didYouMean } from '../lang/suggest.js'
import type { Definition } from '../lang/tree.js'
import { applyChange, type ChangeContext, type ChangeOutcome } from './change.js'
import { modelsOf } from './models.js'
import { readState } from './state.js'
import { authenticationEndpoints } from './templates/authentication.js'
import { type CrudRoles, crudEndpoints } from './templates/crud.js'
import { magicLinkEndpoints } from './templates/magic-link.js'
import { oauthEndpoints } from './templates/oauth.js'
import { passwordResetEndpoints } from './templates/password-reset.js'
import { secondFactorEndpoints } from './templates/second-factor.js'
import { sessionEndpoints } from './templates/sessions.js'

/** What there are templates for. */
export const scaffoldKinds = ['auth', 'crud', 'sessions', 'password-reset', 'magic-link', 'second-factor', 'oauth'] as const
export type ScaffoldKind = (typeof scaffoldKinds)[number]

export interface ScaffoldRequest {
  workspaceId: number
  branch: string | null
  kind: ScaffoldKind
  table: string
  /** Name of the API group; made when there is none. */
  group: string
  /** Table whose tokens open the CRUD endpoints; the only auth-enabled table when absent. */
  auth?: string
  /** Roles that the CRUD endpoints ask for, by operation. */
  roles?: CrudRoles
  /** Name of the login provider of `oauth`, such as `google`. */
  provider?: string
  author?: string
}

/** Adds the endpoints. Throws `notFound` for an unknown table, `conflict` when a path is taken. */
export async function scaffold(context: ChangeContext, request: ScaffoldRequest): Promise<ChangeOutcome> {
  const state = await readState(context.db, request.workspaceId, request.branch)
  const tables = modelsOf(state.rows.filter((row) => row.kind === 'table'))
  const table = tables.get(request.table)
  if (table === undefined)
    throw new AppError('notFound', `The table "${request.table}" does not exist.`, { hint: didYouMean(request.table, tables.keys()) ?? '' })
  const authTables = [...tables.values()].filter((candidate) => candidate.auth)
  if (request.roles !== undefined && request.kind !== 'crud')
    throw new AppError('badRequest', 'Only crud endpoints take roles by operation.', { hint: 'Write roles = ["admin"] into the endpoints that you have made.' })
  const endpoints = templates[request.kind](table, request, authTables)
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

const templates: Readonly<Record<ScaffoldKind, (table: TableModel, request: ScaffoldRequest, authTables: readonly TableModel[]) => Definition[]>> = {
  auth: (table, { group }) => authenticationEndpoints({ table, group }),
  crud: (table, request, authTables) => crudEndpoints({ table, group: request.group, auth: authOf(request, authTables), roles: request.roles ?? {} }),
  sessions: (table, { group }) => sessionEndpoints(table, group),
  'password-reset': (table, { group }) => passwordResetEndpoints(table, group),
  'magic-link': (table, { group }) => magicLinkEndpoints(table, group),
  'second-factor': (table, { group }) => secondFactorEndpoints(table, group),
  oauth: (table, { group, provider }) => oauthEndpoints(table, group, provider ?? 'oidc'),
}

function authOf(request: ScaffoldRequest, authTables: readonly TableModel[]): string {
  const name = authNameOf(
    request,
    authTables.map((table) => table.name),
  )
  const columns = authTables.find((table) => table.name === name)?.columns ?? []
  if (request.roles !== undefined && !columns.some((column) => column.name === 'role'))
    throw new AppError('badRequest', `The table "${name}" has no column "role".`, { hint: 'Add a column: enum role?=member { values = ["member", "admin"] }' })
  return name
}

function authNameOf({ auth }: ScaffoldRequest, tables: readonly string[]): string {
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
