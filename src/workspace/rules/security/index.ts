/** Every rule about security, in the order in which findings are reported. */

import { withGroupAccess } from '../../../definitions/access.js'
import { type Identity, identityOf } from '../../../definitions/identity.js'
import type { Definition } from '../../../lang/tree.js'
import { accountEmailNotUnique } from './account-email-not-unique.js'
import { adminEndpointWithoutRole } from './admin-endpoint-without-role.js'
import { authEndpointWithoutLimit } from './auth-endpoint-without-limit.js'
import { bypassedRules } from './bypassed-rules.js'
import { codeFromInput } from './code-from-input.js'
import type { SecurityContext } from './context.js'
import { defaultPassword } from './default-password.js'
import { directQueryConcatenation } from './direct-query-concatenation.js'
import { exceptionWithoutReason } from './exception-without-reason.js'
import { exceptionsOf } from './exceptions.js'
import { exposedSecretColumn } from './exposed-secret-column.js'
import { guessableCanonical } from './guessable-canonical.js'
import { headerFromInput } from './header-from-input.js'
import { historyOfEverything } from './history-of-everything.js'
import { idorDataflow } from './idor-dataflow.js'
import { insecureCorsOrigin } from './insecure-cors-origin.js'
import { longLivedToken } from './long-lived-token.js'
import { massAssignment } from './mass-assignment.js'
import { missingAuthOnMutatingEndpoint } from './missing-auth-on-mutating-endpoint.js'
import { missingOwnershipCheck } from './missing-ownership-check.js'
import { openDocumentation } from './open-documentation.js'
import { plainTextPasswordColumn } from './plain-text-password-column.js'
import { publicAccountData } from './public-account-data.js'
import { publicEndpointWithoutReason } from './public-endpoint-without-reason.js'
import { reflectedOrigin } from './reflected-origin.js'
import { requestToCallerUrl } from './request-to-caller-url.js'
import type { RuleFinding, SecurityRule } from './rule.js'
import { secretInOutput } from './secret-in-output.js'
import { secretInProgram } from './secret-in-program.js'
import { sharedCache } from './shared-cache.js'
import { shortPasswordMaximum } from './short-password-maximum.js'
import { tokenInQuery } from './token-in-query.js'
import { unboundedQuery } from './unbounded-query.js'
import { unmaskedPasswordInput } from './unmasked-password-input.js'
import { unprovenToken } from './unproven-token.js'
import { weakPasswordFilters } from './weak-password-filters.js'
import { wildcardCors } from './wildcard-cors.js'

export { createContext, type SecurityContext } from './context.js'

export const securityRules: readonly SecurityRule[] = [
  publicEndpointWithoutReason,
  missingAuthOnMutatingEndpoint,
  unprovenToken,
  longLivedToken,
  accountEmailNotUnique,
  weakPasswordFilters,
  shortPasswordMaximum,
  defaultPassword,
  authEndpointWithoutLimit,
  idorDataflow,
  massAssignment,
  adminEndpointWithoutRole,
  missingOwnershipCheck,
  bypassedRules,
  sharedCache,
  wildcardCors,
  reflectedOrigin,
  insecureCorsOrigin,
  guessableCanonical,
  openDocumentation,
  secretInOutput,
  plainTextPasswordColumn,
  exposedSecretColumn,
  directQueryConcatenation,
  requestToCallerUrl,
  headerFromInput,
  codeFromInput,
  unboundedQuery,
  publicAccountData,
  secretInProgram,
  tokenInQuery,
  unmaskedPasswordInput,
  historyOfEverything,
  exceptionWithoutReason,
]

/** What a rule found in a definition. */
export interface SecurityFinding extends Omit<RuleFinding, 'accepted'> {
  rule: SecurityRule
  identity: Identity
  definition: Definition
  /** Why it is accepted; null when nobody accepted it. */
  accepted: string | null
}

/** The findings in some definitions, by definition and then by rule. */
export function runRules(definitions: readonly Definition[], context: SecurityContext): SecurityFinding[] {
  return definitions.flatMap((definition) => {
    const exceptions = exceptionsOf(definition)
    const identity = identityOf(definition)
    const judged = withGroupAccess(definition, context.groups)
    return securityRules.flatMap((rule) =>
      rule.kinds.includes(definition.kind)
        ? rule
            .check(judged, context)
            .map((finding) => ({ ...finding, rule, identity, definition, accepted: finding.accepted ?? exceptions.get(rule.id) ?? null }))
        : [],
    )
  })
}
