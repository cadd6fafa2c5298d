/** Who calls the Metadata API, and whether he may. */
import type { FastifyRequest } from 'fastify'
import type { AdminCaller, TokenRefusal } from '../../auth/admin-tokens.js'
import { permits } from '../../auth/roles.js'
import { AppError } from '../../errors.js'
import type { Fact } from '../../services/observe.js'
import { bearerToken, unauthorized } from '../authenticate.js'
import { actionOf } from './audit.js'
import type { MetaDeps } from './deps.js'
import { type MetaRoute, permissionsOf } from './route.js'

/** Where administrators are, for events. */
export const adminTable = 'admin_account'

const callers = new WeakMap<FastifyRequest, AdminCaller>()
/** Of a route that asks for no token. */
const nobody: AdminCaller = { id: 0, name: '', scopes: [], role: 'auditor' }

/** Throws AppError `unauthorized`, the same for whatever is wrong with the token, or `accessDenied`. */
export async function admit(request: FastifyRequest, deps: Pick<MetaDeps, 'adminTokens' | 'observe'>, route: MetaRoute): Promise<void> {
  if (route.open === true) return void callers.set(request, nobody)
  const token = bearerToken(request.raw.headers)
  const place = { ip: request.ip, workspaceId: 0, endpoint: actionOf(route), table: adminTable }
  const refusal: { why: TokenRefusal | 'missing' } = { why: 'missing' }
  const caller =
    token === ''
      ? null
      : await deps.adminTokens.verify(token, (why) => {
          refusal.why = why
        })
  if (caller === null) {
    deps.observe?.(refusalFact(refusal.why, place))
    throw unauthorized()
  }
  if (!permissionsOf(route, flagOf(request)).every((permission) => permits(caller, permission))) {
    deps.observe?.({ kind: 'authz_fail', actor: caller.name, ...place })
    throw new AppError('accessDenied')
  }
  callers.set(request, caller)
}

function refusalFact(reason: TokenRefusal | 'missing', place: { ip: string; workspaceId: number; endpoint: string; table: string }): Fact {
  if (reason === 'revoked') return { kind: 'authn_token_reuse', reason, ...place }
  return reason === 'expired' ? { kind: 'session_use_after_expire', reason, ...place } : { kind: 'authn_login_fail', reason, ...place }
}

/** The caller of a request that was admitted. */
export function callerOf(request: FastifyRequest): AdminCaller {
  const caller = callers.get(request)
  if (caller === undefined) throw unauthorized()
  return caller
}

/** A query parameter; `""` when absent. Throws AppError 400 for a repeated one, which could be read two ways. */
export function singleText(value: unknown): string {
  if (Array.isArray(value)) throw new AppError('badRequest', 'A parameter of the query was sent twice.')
  return value === undefined ? '' : String(value)
}

/** Whether a query parameter is on: `true`, `1`, `yes`. */
export function flagOf(request: FastifyRequest): (name: string) => boolean {
  const query = request.query as Record<string, unknown>
  return (name) => ['true', '1', 'yes'].includes(singleText(query[name]).toLowerCase())
}
