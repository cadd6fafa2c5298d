/** Facts worth knowing, reported as values; what is logged or counted is decided where they arrive. Names follow OWASP's logging vocabulary. */

export type LimitScope = 'request' | 'auth' | 'account'

export type Fact =
  /** A token that was missing or not good, or a login that was refused; `account` is a hash of who was named. */
  | { kind: 'authn_login_fail'; ip: string; workspaceId: number; endpoint: string; reason: 'missing' | 'rejected' | 'credentials'; account?: string }
  | { kind: 'authn_login_success'; ip: string; workspaceId: number; endpoint: string; account?: string }
  /** An account was tried too often. */
  | { kind: 'authn_login_fail_max'; ip: string; workspaceId: number; endpoint: string; account?: string }
  /** A known caller asked for what is not his. */
  | { kind: 'authz_fail'; ip: string; workspaceId: number; endpoint: string }
  | { kind: 'excess_rate_limit_exceeded'; ip: string; scope: LimitScope }
  /** Rows that left or came as a file or a dump. */
  | { kind: 'content_exported' | 'content_imported'; actor: string; workspaceId: number; table: string; rows: number }
  | { kind: 'request_failed'; status: number; document: string; error: unknown }
  | { kind: 'after_response_failed'; document: string; error: unknown }
  | { kind: 'connection_lost'; error: Error }

export type Observe = (fact: Fact) => void
