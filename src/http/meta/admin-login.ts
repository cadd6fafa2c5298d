/** Administrators log in, out, and change their password. Every refusal is the same in bytes and time. */
import { z } from 'zod'
import { normalizeEmail } from '../../auth/admin-accounts.js'
import { AppError } from '../../errors.js'
import type { CountedScope } from '../../services/login-limits.js'
import { accountHash } from '../account-key.js'
import { unauthorized } from '../authenticate.js'
import { clientKey } from '../client-key.js'
import { limited } from '../guard.js'
import { adminTable } from './admit.js'
import { dateText } from './format.js'
import type { MetaCall, MetaRoute } from './route.js'

const loginBody = z.object({ email: z.string().min(1).max(320), password: z.string().min(1).max(1000) })
const passwordBody = z.object({ current_password: z.string().min(1).max(1000), password: z.string().min(1).max(1000) })

/** A working day. */
const sessionMs = 12 * 3_600_000

const keyOf = (email: string): string => `admin|${normalizeEmail(email)}`
const placeOf = ({ ip }: MetaCall, endpoint: string, email: string) => ({ ip, workspaceId: 0, endpoint, table: adminTable, account: accountHash(keyOf(email)) })

/** One try with a password. Throws AppError 429. */
async function countTry(call: MetaCall, endpoint: string, email: string): Promise<void> {
  const count = async (scope: CountedScope, key: string): Promise<void> => {
    const verdict = await call.deps.loginLimits.take(scope, key)
    if (verdict === null || verdict.wait === 0) return
    const isAccount = scope === 'account'
    if (isAccount) call.deps.observe?.({ kind: 'authn_login_fail_max', ...placeOf(call, endpoint, email) })
    throw limited(call.ip, isAccount ? 'account' : 'auth', verdict.wait, isAccount ? () => {} : (fact) => call.deps.observe?.(fact))
  }
  await count('address', clientKey(call.ip))
  await count('account', keyOf(email))
}

async function login(call: MetaCall): Promise<unknown> {
  const { email, password } = call.json(loginBody)
  const { accounts, adminTokens, audit, services, observe } = call.deps
  await countTry(call, 'auth.login', email)
  const account = await accounts.login(email, password)
  const place = placeOf(call, 'auth.login', email)
  if (account === null) {
    observe?.({ kind: 'authn_login_fail', reason: 'credentials', ...place })
    throw unauthorized()
  }
  const expiresAt = services.clock.now() + sessionMs
  const { id, token } = await adminTokens.issue('session', ['*'], { accountId: account.id, kind: 'session', expiresAt })
  await audit.append({ action: 'admin.login', actor: account.email, accountId: account.id, tokenId: id, ip: call.ip, object: `account/${account.id}` })
  observe?.({ kind: 'authn_login_success', subject: `admin|${account.id}`, actor: account.email, ...place })
  return { token, token_type: 'Bearer', expires_at: dateText(expiresAt), role: account.role }
}

async function logout(call: MetaCall): Promise<null> {
  if (call.caller.id === 0) throw new AppError('badRequest', 'The configured token cannot be revoked.', { hint: 'Change STACKHOLD_ADMIN_TOKEN and restart.' })
  await call.deps.adminTokens.revoke(call.caller.id)
  return null
}

async function changePassword(call: MetaCall): Promise<null> {
  const { account, id } = call.caller
  const { accounts, adminTokens, observe } = call.deps
  if (account === undefined) throw new AppError('badRequest', 'This token belongs to no account.', { hint: 'Log in with your e-mail address and password.' })
  const body = call.json(passwordBody)
  await countTry(call, 'auth.password', account.email)
  const place = { ...placeOf(call, 'auth.password', account.email), actor: account.email }
  if (!(await accounts.changePassword(account.id, body.current_password, body.password))) {
    observe?.({ kind: 'authn_password_change_fail', reason: 'credentials', ...place })
    throw new AppError('accessDenied')
  }
  await adminTokens.revokeOf(account.id, { except: id, sessionsOnly: true })
  call.note({ object: `account/${account.id}`, data: { sessions: 'revoked' } })
  observe?.({ kind: 'authn_password_change', ...place })
  return null
}

const area = 'self' as const

export const adminLoginRoutes: readonly MetaRoute[] = [
  { method: 'POST', path: '/auth/login', area, open: true, unrecorded: true, handle: login },
  { method: 'POST', path: '/auth/logout', area, action: 'admin.logout', handle: logout },
  { method: 'POST', path: '/auth/password', area, action: 'admin.password', handle: changePassword },
]
