/** Cross-origin rules of an API group. Nothing is sent unless the group lists origins. */
import type { CorsPolicy } from '../workspace/snapshot.js'

export interface CorsPlan {
  /** Flat header list for an answer to this origin; empty when the group has no policy. */
  headersFor(origin: string | undefined): readonly string[]
  /** The same for a preflight. */
  preflightFor(origin: string | undefined): readonly string[]
}

const none: readonly string[] = []
const closed: CorsPlan = { headersFor: () => none, preflightFor: () => none }
/** The answer depends on the origin, for caches, even where it is refused. */
const varyOnly: readonly string[] = ['vary', 'Origin']

/** `*` counts in development and without credentials only; `null` never does. */
export function planCors(policy: CorsPolicy, mode: 'production' | 'development'): CorsPlan {
  if (policy.mode !== 'custom') return closed
  const listed = new Set(policy.origins.filter((origin) => origin !== '*' && origin !== 'null'))
  const anyone = policy.origins.includes('*') && !policy.credentials && mode === 'development'
  const answers = new Map([...listed].map((origin) => [origin, answerHeaders(origin, policy)]))
  const preflight = preflightHeaders(policy)
  const find = (origin: string | undefined): readonly string[] | undefined => {
    if (origin === undefined) return undefined
    return answers.get(origin) ?? (anyone && origin !== 'null' ? ['access-control-allow-origin', '*', ...varyOnly] : undefined)
  }
  return {
    headersFor: (origin) => find(origin) ?? varyOnly,
    preflightFor(origin) {
      const found = find(origin)
      return found === undefined ? varyOnly : [...found, ...preflight]
    },
  }
}

const answerHeaders = (origin: string, policy: CorsPolicy): readonly string[] => [
  'access-control-allow-origin',
  origin,
  ...(policy.credentials ? ['access-control-allow-credentials', 'true'] : []),
  ...varyOnly,
]

function preflightHeaders(policy: CorsPolicy): string[] {
  const methods = policy.methods.filter(isToken)
  const headers = policy.headers.filter(isToken)
  return [
    ...(methods.length > 0 ? ['access-control-allow-methods', methods.join(', ')] : []),
    ...(headers.length > 0 ? ['access-control-allow-headers', headers.join(', ')] : []),
    'access-control-max-age',
    String(Math.max(0, Math.trunc(policy.maxAge))),
  ]
}

const isToken = (text: string): boolean => /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/.test(text)
