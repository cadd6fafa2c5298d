/** Path templates of endpoints: `user/{user_id}/posts`. */

export type PathSegment = { literal: string } | { param: string }

const maxLength = 200
const literalPattern = /^[A-Za-z0-9_.~-]+$/
const paramPattern = /^\{([A-Za-z_][A-Za-z0-9_-]*)\}$/

/** The segments of a template, or what is wrong with it. Leading and trailing slashes do not count. */
export function parsePath(path: string): { segments: PathSegment[]; problem: string | null } {
  const segments: PathSegment[] = []
  const text = trimSlashes(path)
  if (text.length > maxLength) return { segments, problem: `The path is longer than ${maxLength} characters.` }
  const seen = new Set<string>()
  for (const part of text === '' ? [] : text.split('/')) {
    // An input has no dash in its name: {user-id} fills user_id.
    const param = paramPattern.exec(part)?.[1]?.replaceAll('-', '_')
    if (param !== undefined) {
      if (seen.has(param)) return { segments, problem: `The path names {${param}} twice.` }
      seen.add(param)
      segments.push({ param })
    } else if (literalPattern.test(part) && part !== '.' && part !== '..') segments.push({ literal: part })
    else return { segments, problem: `The path segment "${part}" is not allowed: use letters, digits, "_", "-" or a whole {parameter}.` }
  }
  return { segments, problem: null }
}

/** The path as stored: without slashes around it. */
export const trimSlashes = (path: string): string => path.replace(/^\/+|\/+$/g, '')

/** Names of the parameters, in order. */
export const pathParams = (path: string): string[] => parsePath(path).segments.flatMap((segment) => ('param' in segment ? [segment.param] : []))

/** Whether two templates differ in the names of their parameters only. Of `user/me` and `user/{id}` the literal is tried first. */
export function sameShape(a: string, b: string): boolean {
  const [left, right] = [parsePath(a).segments, parsePath(b).segments]
  if (left.length !== right.length) return false
  return left.every((segment, i) => {
    const other = right[i]
    if (other === undefined || 'literal' in segment !== 'literal' in other) return false
    return !('literal' in segment) || !('literal' in other) || segment.literal === other.literal
  })
}
