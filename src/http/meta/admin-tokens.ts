/** Access tokens: `/auth/token` are one's own, `/token` those of everybody. They expire, and never allow more than their maker may. */
import { z } from 'zod'
import type { AdminToken } from '../../auth/admin-tokens.js'
import { coversScopes, isScope, permits } from '../../auth/roles.js'
import { AppError } from '../../errors.js'
import { adminTable } from './admit.js'
import { dateText } from './format.js'
import type { MetaCall, MetaRoute } from './route.js'

const day = 86_400_000
const createBody = z.object({
  name: z.string().trim().min(1).max(200),
  scopes: z.array(z.string().refine(isScope, 'is not a scope: "*", an area, or "area:read"')).min(1).max(50),
  expires_in_days: z.number().int().min(1).max(366).default(90),
})

const dateOrNull = (ms: number | null): string | null => (ms === null ? null : dateText(ms))

const tokenJson = (token: AdminToken) => ({
  id: token.id,
  name: token.name,
  kind: token.kind,
  scopes: token.scopes,
  account_id: token.accountId,
  created_at: dateText(token.createdAt),
  expires_at: dateOrNull(token.expiresAt),
  last_used_at: dateOrNull(token.lastUsedAt),
})

/** All of the account for whoever logged in; a token for a program has itself only. */
const isOwn = ({ caller }: MetaCall, token: AdminToken): boolean =>
  caller.session === true && caller.account !== undefined ? token.accountId === caller.account.id : token.id === caller.id

async function listOf(call: MetaCall, own: boolean): Promise<unknown> {
  return (await call.deps.adminTokens.list()).filter((token) => !own || isOwn(call, token)).map(tokenJson)
}

async function create(call: MetaCall): Promise<unknown> {
  const { caller, deps } = call
  const body = call.json(createBody)
  // A token for a program cannot prolong its own life by making another one.
  if (caller.session !== true && !permits(caller, { area: 'account', access: 'write' })) throw new AppError('accessDenied', 'Log in to make a token.')
  if (!coversScopes(caller, body.scopes)) throw new AppError('accessDenied', 'A token cannot allow more than its maker may.')
  const expiresAt = deps.services.clock.now() + body.expires_in_days * day
  const { id, token } = await deps.adminTokens.issue(body.name, body.scopes, { expiresAt, accountId: caller.account?.id })
  call.note({ object: `token/${id}`, after: body, data: { name: body.name, scopes: body.scopes, expires_at: dateText(expiresAt) } })
  deps.observe?.({ kind: 'authn_token_created', ...placeOf(call) })
  return { id, name: body.name, scopes: body.scopes, expires_at: dateText(expiresAt), token }
}

async function revoke(call: MetaCall, own: boolean): Promise<null> {
  const id = call.id('token_id')
  const { adminTokens, accounts, observe } = call.deps
  const token = (await adminTokens.list()).find((candidate) => candidate.id === id)
  if (token === undefined || (own && !isOwn(call, token))) throw new AppError('notFound', `There is no token with the id ${id}.`)
  // Nobody locks out those above: what a token may is what its account may.
  const role = token.accountId === null ? 'owner' : (await accounts.get(token.accountId)).role
  if (!own && role === 'owner' && call.caller.role !== 'owner') throw new AppError('accessDenied')
  if (!(await adminTokens.revoke(id))) throw new AppError('notFound', `There is no token with the id ${id}.`)
  call.note({ object: `token/${id}`, data: { name: token.name } })
  observe?.({ kind: 'authn_token_revoked', ...placeOf(call) })
  return null
}

const placeOf = ({ ip, caller }: MetaCall) => ({ ip, workspaceId: 0, endpoint: 'auth.token', table: adminTable, actor: caller.name })

export const adminTokenRoutes: readonly MetaRoute[] = [
  { method: 'GET', path: '/auth/token', area: 'self', handle: (call) => listOf(call, true) },
  { method: 'POST', path: '/auth/token', area: 'self', answersSecret: true, handle: create },
  { method: 'DELETE', path: '/auth/token/:token_id', area: 'self', handle: (call) => revoke(call, true) },
  { method: 'GET', path: '/token', area: 'account', handle: (call) => listOf(call, false) },
  { method: 'DELETE', path: '/token/:token_id', area: 'account', handle: (call) => revoke(call, false) },
]
