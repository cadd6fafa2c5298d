/** What the HTTP layer needs to know of the configuration. */
import type { BudgetLimits } from '../runtime/budget.js'
import type { RateLimit } from '../services/rate-limit.js'

export interface HttpSettings {
  mode: 'production' | 'development'
  /** Public address without a trailing slash; links and `$env.$api_baseurl` come from here, never from a request header. */
  baseUrl: string
  /** Bytes of a request body. */
  bodyLimit: number
  run: BudgetLimits
  /** Uses per client address over all routes. */
  requestLimit: RateLimit
  /** Uses per client address over the endpoints that check passwords or issue tokens. */
  authLimit: RateLimit
  /** Uses per account (as named by the caller) of the same endpoints. */
  accountLimit: RateLimit
  /** `allow` opens endpoints that name no `auth` without a review. */
  publicEndpoints: 'review' | 'allow'
}
