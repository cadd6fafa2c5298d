/** Headers of every answer, whatever its status (ASVS 3.4, OWASP REST). */

/** For JSON and text; an HTML page replaces the policy. */
export const securityHeaders: Readonly<Record<string, string>> = Object.freeze({
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
})

/** Browsers heed it over TLS only. */
export const strictTransport = 'max-age=31536000; includeSubDomains'

/** The same as a flat list for `writeHead`, with HSTS when the public address is HTTPS. */
export const toHeaderList = (baseUrl: string): string[] => [
  ...Object.entries(securityHeaders).flat(),
  ...(baseUrl.startsWith('https://') ? ['strict-transport-security', strictTransport] : []),
]
