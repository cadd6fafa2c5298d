/** What the HTTP layer needs to know of the configuration. */
import type { BudgetLimits } from '../runtime/budget.js'
import type { RateLimit } from '../services/rate-limit.js'

/** Which requests are kept. `on`: those of every endpoint that does not say otherwise. `asked`: of those only that say so. */
export type HistoryMode = 'on' | 'asked' | 'off'

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
  /** All requests this process takes, of everyone. */
  totalLimit: RateLimit
  /** All logins this process takes, of everyone. */
  totalAuthLimit: RateLimit
  /** Uses per client address of one endpoint that costs much and names no limit of its own. */
  expensiveLimit: RateLimit
  /** Uses per account (as named by the caller) of the same endpoints. */
  accountLimit: RateLimit
  /** Websites that may call the Metadata API from a browser. */
  consoleOrigins: readonly string[]
  /** Strangers get 401 for routes that are not there, as for those that are not for them. */
  hideRoutes: boolean
  history: HistoryMode
  /** `allow` opens endpoints that name no `auth` without a review. */
  publicEndpoints: 'review' | 'allow'
}
