/** Facts worth knowing, reported as values; what is logged or counted is decided where they arrive. Names follow OWASP's logging vocabulary. */

export type LimitScope = 'request' | 'auth' | 'account' | 'endpoint'

/** Where it happened. `account` is a keyed hash of who was named; `table` the auth table, `admin_account` for administrators. */
interface Place {
  ip: string
  workspaceId: number
  endpoint: string
  table?: string
  account?: string
  /** An administrator. */
  actor?: string
}

export type Fact =
  /** A token that was missing or not good, or a login that was refused. */
  | ({ kind: 'authn_login_fail'; reason: string } & Place)
  /** `subject` is the account itself, whatever it was named by; it is not kept. */
  | ({ kind: 'authn_login_success'; subject?: string } & Place)
  /** The first factor was right, the second one is asked for. */
  | ({ kind: 'authn_login_challenge' } & Place)
  /** An account was tried too often. */
  | ({ kind: 'authn_login_fail_max' } & Place)
  /** An account was switched off. */
  | ({ kind: 'authn_login_lock' } & Place)
  | ({ kind: 'authn_password_change' } & Place)
  | ({ kind: 'authn_password_change_fail'; reason: string } & Place)
  | ({ kind: 'authn_token_created' | 'authn_token_revoked' | 'authn_token_delete' } & Place)
  /** A token that was used up or revoked came again. */
  | ({ kind: 'authn_token_reuse'; reason: string } & Place)
  | ({ kind: 'session_use_after_expire'; reason: string } & Place)
  /** A login with another provider that went wrong; the caller is not told why. */
  | { kind: 'authn_provider_failed'; issuer: string; error: unknown }
  /** The range API for breached passwords did not answer: the offline list alone decided. */
  | { kind: 'breach_check_failed'; error: unknown }
  /** A known caller asked for what is not his. */
  | ({ kind: 'authz_fail' } & Place)
  /** The rights of an administrator changed. */
  | ({ kind: 'authz_change' } & Place)
  /** An administrator changed something. */
  | { kind: 'authz_admin'; ip: string; actor: string; endpoint: string }
  | { kind: 'excess_rate_limit_exceeded'; ip: string; scope: LimitScope }
  | ({ kind: 'input_validation_fail'; reason: string } & Place)
  /** One address asked for much that does not exist. */
  | { kind: 'malicious_excess_404'; ip: string }
  /** Rows that left or came as a file or a dump. */
  | { kind: 'content_exported' | 'content_imported'; actor: string; workspaceId: number; table: string; rows: number }
  /** A rule found something in the events above. */
  | { kind: 'security_alert'; rule: string; key: string; count: number }
  /** `hide` takes the secrets of the request out of what the error says. */
  | { kind: 'request_failed'; status: number; document: string; error: unknown; hide?: (text: string) => string }
  | { kind: 'after_response_failed'; document: string; error: unknown; hide?: (text: string) => string }
  | { kind: 'connection_lost'; error: Error }

export type Observe = (fact: Fact) => void
