/** Stage 3: who is calling. Every refusal is the same, whatever was wrong. */
import type { IncomingHttpHeaders } from 'node:http'
import type { TokenService } from '../auth/tokens.js'
import { AppError } from '../errors.js'
import type { Caller } from '../runtime/capabilities.js'
import type { EndpointPlan } from './endpoint-plan.js'

export const unauthorized = (): AppError =>
  new AppError('unauthorized', 'Unauthorized - Authentication Required', { headers: { 'www-authenticate': 'Bearer' } })

/** Sent in development where production would refuse. */
export const unreviewedWarning: readonly string[] = [
  'x-stackhold-warning',
  'Public without a reason: production answers 401. Add auth = "table" or public = "reason".',
]

/** The token of `Authorization: Bearer …`; empty when there is none. Tokens elsewhere (query, cookie) are not looked for. */
export function bearerToken(headers: IncomingHttpHeaders): string {
  const header = headers.authorization
  if (header === undefined || header.length < 8 || header.charCodeAt(6) !== 32) return ''
  return header.slice(0, 6).toLowerCase() === 'bearer' ? header.slice(7) : ''
}

/** The caller of an endpoint that wants a token. Throws AppError `unauthorized`. */
export async function authenticate(tokens: TokenService, plan: EndpointPlan, token: string, datasource: string): Promise<Caller> {
  if (token === '' || plan.authTable === null) throw unauthorized()
  const verified = await tokens.verify(token, plan.bindingFor(datasource))
  if (verified === null) throw unauthorized()
  return { table: plan.authTable.name, id: verified.id, extras: verified.extras, session: verified.session }
}
