/** Accounts of administrators. Nobody makes or changes one that may do more than he does himself. */
import { z } from 'zod'
import type { AdminAccount } from '../../auth/admin-accounts.js'
import { coversScopes, outranks, type Role, roleScopes, roles } from '../../auth/roles.js'
import { AppError } from '../../errors.js'
import { accountHash } from '../account-key.js'
import { adminTable } from './admit.js'
import { withoutUndefined } from './defined.js'
import { dateText } from './format.js'
import type { MetaCall, MetaRoute } from './route.js'

const email = z
  .string()
  .trim()
  .max(320)
  .regex(/^[^\s@]+@[^\s@]+$/, 'must be an e-mail address')
const password = z.string().min(1).max(1000)
const name = z.string().trim().max(200)
const role = z.enum(roles)
const createBody = z.object({ email, name: name.default(''), role, password })
const updateBody = z.object({ email, name, role, password, active: z.boolean() }).partial()

export const accountJson = (account: AdminAccount) => ({
  id: account.id,
  email: account.email,
  name: account.name,
  role: account.role,
  active: account.active,
  created_at: dateText(account.createdAt),
  updated_at: dateText(account.updatedAt),
  last_login_at: account.lastLoginAt === null ? null : dateText(account.lastLoginAt),
})

/** The role, and what the caller's token is limited to, both count. */
function assertMayGive({ caller }: MetaCall, wanted: Role): void {
  if (!outranks(caller.role, wanted) || !coversScopes(caller, roleScopes[wanted]))
    throw new AppError('accessDenied', `Only an owner gives or takes the role "${wanted}".`)
}

async function create(call: MetaCall): Promise<unknown> {
  const body = call.json(createBody)
  assertMayGive(call, body.role)
  const account = accountJson(await call.deps.accounts.create(body))
  call.note({ object: `account/${account.id}`, data: { email: account.email, role: account.role } })
  return account
}

async function update(call: MetaCall): Promise<unknown> {
  const body = withoutUndefined(call.json(updateBody))
  const { accounts, adminTokens } = call.deps
  const before = await accounts.get(call.id('account_id'))
  assertMayGive(call, before.role)
  if (body.role !== undefined) assertMayGive(call, body.role)
  const account = await accounts.update(before.id, body)
  if (body.password !== undefined || body.active === false) await adminTokens.revokeOf(account.id, { sessionsOnly: body.active !== false })
  report(call, before, account, body.password !== undefined)
  return accountJson(account)
}

function report(call: MetaCall, before: AdminAccount, after: AdminAccount, passwordChanged: boolean): void {
  const { observe } = call.deps
  const place = {
    ip: call.ip,
    workspaceId: 0,
    endpoint: 'account.update',
    table: adminTable,
    actor: call.caller.name,
    account: accountHash(`admin|${after.email}`),
  }
  if (passwordChanged) observe?.({ kind: 'authn_password_change', ...place })
  if (before.role !== after.role) observe?.({ kind: 'authz_change', ...place })
  if (before.active && !after.active) observe?.({ kind: 'authn_login_lock', ...place })
  call.note({ data: { email: after.email, role: after.role, active: after.active, password_changed: passwordChanged } })
}

async function remove(call: MetaCall): Promise<null> {
  const account = await call.deps.accounts.get(call.id('account_id'))
  assertMayGive(call, account.role)
  await call.deps.accounts.remove(account.id)
  call.note({ data: { email: account.email, role: account.role } })
  return null
}

const path = '/account'
const one = '/account/:account_id'
const area = 'account' as const

export const adminAccountRoutes: readonly MetaRoute[] = [
  { method: 'GET', path, area, handle: async ({ deps }) => (await deps.accounts.list()).map(accountJson) },
  { method: 'POST', path, area, handle: create },
  { method: 'GET', path: one, area, handle: async (call) => accountJson(await call.deps.accounts.get(call.id('account_id'))) },
  { method: 'PUT', path: one, area, handle: update },
  { method: 'DELETE', path: one, area, handle: remove },
]
