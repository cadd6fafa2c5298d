/** Reads `/api:<canonical>[:<branch>]/<path>?<query>`. */

export interface ApiUrl {
  readonly canonical: string
  /** Null = the live branch. */
  readonly branch: string | null
  /** With its leading slash, without a trailing one, not decoded; empty for the group itself. */
  readonly path: string
  /** Without the `?`, not decoded. */
  readonly query: string
}

const head = /^\/api:([A-Za-z0-9_-]{1,64})(?::([^/?#]{1,300}))?(?=[/?#]|$)/

/** Null when it is not such a URL. */
export function parseApiUrl(url: string): ApiUrl | null {
  const match = head.exec(url)
  if (match === null) return null
  const branch = match[2] === undefined ? null : decode(match[2])
  if (branch === undefined) return null
  const rest = match[0].length
  const [pathEnd, queryEnd] = delimiters(url, rest)
  return {
    canonical: match[1] ?? '',
    branch,
    path: withoutTrailingSlash(url.slice(rest, pathEnd)),
    query: pathEnd < queryEnd && url.charCodeAt(pathEnd) === 63 ? url.slice(pathEnd + 1, queryEnd) : '',
  }
}

/** Where the path ends and where the query ends; a fragment belongs to neither. */
function delimiters(url: string, from: number): [pathEnd: number, queryEnd: number] {
  const hash = url.indexOf('#', from)
  const end = hash < 0 ? url.length : hash
  const question = url.indexOf('?', from)
  return [question < 0 || question > end ? end : question, end]
}

const withoutTrailingSlash = (path: string): string => (path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path)

function decode(text: string): string | undefined {
  if (!text.includes('%')) return text
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
