/** In production a stranger cannot tell what is not there from what is not for him: both are 401 (R25). Whoever shows a good token is told 404. */
import type { FastifyRequest } from 'fastify'
import { createBinding, type TokenService } from '../auth/tokens.js'
import type { AppError } from '../errors.js'
import type { Snapshot } from '../workspace/snapshot.js'
import { bearerToken, unauthorized } from './authenticate.js'
import type { Call } from './call.js'
import { findGroup } from './match.js'

export interface ConcealDeps {
  /** Off: 404 for everyone. */
  hideRoutes: boolean
  snapshot(): Snapshot
  tokens: Pick<TokenService, 'verify'>
}

/** What to answer instead of an error; the same error where there is nothing to hide. */
export function createConcealment({ hideRoutes, snapshot, tokens }: ConcealDeps): (error: AppError, request: FastifyRequest) => AppError | Promise<AppError> {
  /** A token of any account of the workspace, wherever it counts. */
  const isKnown = async (call: Call, request: FastifyRequest, token: string): Promise<boolean> => {
    const workspace = findGroup(snapshot(), call.url, request)?.branch.workspace
    if (workspace === undefined) return false
    for (const table of workspace.tables.values())
      for (const datasource of table.auth ? workspace.datasources : [])
        if ((await tokens.verify(token, createBinding(workspace.id, table.id, datasource))) !== null) return true
    return false
  }
  return (error, request) => {
    const call = request.call ?? null
    // Routing found an endpoint: whatever is missing now is the endpoint's own affair.
    if (!hideRoutes || error.status !== 404 || call === null || call.endpoint !== null) return error
    const token = bearerToken(request.raw.headers)
    return token === '' ? unauthorized() : isKnown(call, request, token).then((known) => (known ? error : unauthorized()))
  }
}
