/** What stacks may do about accounts, put together for the workspace of a run. */
import type { Accounts } from '../runtime/accounts.js'
import type { AccountScope } from './account-place.js'
import { createFederation, createProviders, type FederationDeps } from './oauth.js'
import { createOneTimeTokens } from './one-time-tokens.js'
import { createSessions, type SessionDeps } from './sessions.js'
import { createSecondFactors, type SecondFactorDeps } from './totp.js'

export type AccountDeps = SessionDeps & SecondFactorDeps & FederationDeps

/** Each part is made when a stack first asks for it. */
export type AccountServices = (scope: AccountScope) => Accounts

export function createAccountServices(deps: AccountDeps): AccountServices {
  const providers = createProviders(deps)
  return (scope) => {
    const made: { -readonly [Name in keyof Accounts]?: Accounts[Name] } = {}
    return {
      get sessions() {
        made.sessions ??= createSessions(deps, scope)
        return made.sessions
      },
      get oneTime() {
        made.oneTime ??= createOneTimeTokens(deps.random, scope)
        return made.oneTime
      },
      get secondFactors() {
        made.secondFactors ??= createSecondFactors(deps, scope)
        return made.secondFactors
      },
      get federation() {
        made.federation ??= createFederation(deps, providers, scope)
        return made.federation
      },
    }
  }
}
