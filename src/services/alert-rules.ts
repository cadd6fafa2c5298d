/** What is worth an alert: so many events of some kinds within some minutes, counted per key. */
import { newCountry, newNetwork } from './login-places.js'

/** Column of an event that tells one counter from the next. */
export type AlertKey = 'ip' | 'account' | 'actor'

export interface AlertRule {
  id: string
  title: string
  /** Kinds of events that count. */
  events: readonly string[]
  by: AlertKey
  /** Events themselves, different accounts or addresses among them, or rows that left. */
  measure: 'events' | 'accounts' | 'addresses' | 'rows'
  /** So many or more. */
  count: number
  minutes: number
  /** Only when one of these kinds followed for the same key: a login that succeeded after all. */
  followedBy?: readonly string[]
  /** Only events with this reason. */
  reason?: string
}

const failures = ['authn_login_fail', 'authn_login_fail_max'] as const

export const defaultAlertRules: readonly AlertRule[] = [
  { id: 'login-burst', title: 'Many failed logins from one address', events: failures, by: 'ip', measure: 'events', count: 30, minutes: 5 },
  { id: 'account-guessing', title: 'Many failed logins of one account', events: failures, by: 'account', measure: 'events', count: 10, minutes: 15 },
  { id: 'password-spraying', title: 'One address tries many accounts', events: failures, by: 'ip', measure: 'accounts', count: 10, minutes: 15 },
  {
    id: 'distributed-guessing',
    title: 'One account is tried from many addresses',
    events: failures,
    by: 'account',
    measure: 'addresses',
    count: 5,
    minutes: 15,
  },
  {
    id: 'success-after-failures',
    title: 'A login succeeded after many failures',
    events: failures,
    by: 'account',
    measure: 'events',
    count: 5,
    minutes: 15,
    followedBy: ['authn_login_success', 'authn_login_challenge'],
  },
  {
    id: 'login-new-country',
    title: 'An account logged in from a country that is new for it',
    events: ['authn_login_success'],
    reason: newCountry,
    by: 'account',
    measure: 'events',
    count: 1,
    minutes: 60,
  },
  {
    id: 'login-new-network',
    title: 'An account logged in from a network that is new for it',
    events: ['authn_login_success'],
    reason: newNetwork,
    by: 'account',
    measure: 'events',
    count: 1,
    minutes: 60,
  },
  { id: 'token-reuse', title: 'A revoked or used token came again', events: ['authn_token_reuse'], by: 'ip', measure: 'events', count: 3, minutes: 15 },
  { id: 'forbidden-burst', title: 'One address asks for much that is not its own', events: ['authz_fail'], by: 'ip', measure: 'events', count: 20, minutes: 5 },
  {
    id: 'path-scan',
    title: 'One address looks for paths that do not exist',
    events: ['malicious_excess_404'],
    by: 'ip',
    measure: 'events',
    count: 1,
    minutes: 15,
  },
  { id: 'flood', title: 'One address keeps hitting its limit', events: ['excess_rate_limit_exceeded'], by: 'ip', measure: 'events', count: 100, minutes: 5 },
  { id: 'mass-export', title: 'Many rows left through exports', events: ['content_exported'], by: 'actor', measure: 'rows', count: 100_000, minutes: 60 },
]

/** What an operator may change of a rule. */
export interface AlertTuning {
  count: number
  minutes: number
  enabled: boolean
}

/** The bounds of both: what longer times would count is forgotten. */
export const mostCount = 10_000_000
export const mostMinutes = 1_440

export interface TunedRule extends AlertRule, AlertTuning {
  /** Where its numbers come from: this file, the environment, or the Metadata API. */
  source: 'default' | 'environment' | 'set'
}

export type Tunings = Readonly<Record<string, Partial<AlertTuning>>>

/** The rules as they are in force. Later tunings win, member by member. */
export const tuneRules = (rules: readonly AlertRule[], environment: Tunings, set: Tunings): TunedRule[] =>
  rules.map((rule) => ({
    ...rule,
    enabled: true,
    ...environment[rule.id],
    ...set[rule.id],
    source: set[rule.id] !== undefined ? 'set' : environment[rule.id] !== undefined ? 'environment' : 'default',
  }))
