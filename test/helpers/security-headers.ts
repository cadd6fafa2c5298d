/** What every answer of the server carries, asserted on all answers that the test clients see (R41). */

const required: readonly [name: string, pattern: RegExp][] = [
  ['x-content-type-options', /^nosniff$/],
  ['content-security-policy', /default-src|sandbox/],
  ['referrer-policy', /^no-referrer$/],
  ['cross-origin-resource-policy', /^(?:same-origin|same-site|cross-origin)$/],
]
const telling = ['server', 'x-powered-by', 'set-cookie']

/** Throws with the names of what is missing or should not be there. */
export function assertSecurityHeaders(what: string, headerOf: (name: string) => unknown): void {
  const missing = required.filter(([name, pattern]) => !pattern.test(String(headerOf(name) ?? ''))).map(([name]) => name)
  const found = telling.filter((name) => headerOf(name) != null)
  if (missing.length + found.length > 0)
    throw new Error(`${what}: missing ${missing.join(', ') || 'nothing'}; there should be no ${found.join(', ') || 'more'}`)
}
