/** Facts worth knowing, reported as values; what is logged or counted is decided where they arrive. Names follow OWASP's logging vocabulary. */

export type Fact =
  | { kind: 'authn_login_fail'; ip: string; workspaceId: number; endpoint: string; reason: 'missing' | 'rejected' }
  | { kind: 'excess_rate_limit_exceeded'; ip: string; scope: 'request' | 'auth' }
  | { kind: 'request_failed'; status: number; document: string; error: unknown }
  | { kind: 'after_response_failed'; document: string; error: unknown }
  | { kind: 'connection_lost'; error: Error }

export type Observe = (fact: Fact) => void
