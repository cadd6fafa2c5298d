/** Finds the endpoint of a request within one API group, and the endpoints that would fight over a request. */
import createRouter, { type HTTPMethod } from 'find-my-way'
import { parsePath, sameShape } from '../definitions/path.js'
import type { Field } from '../lang/tree.js'

export interface Route<T> {
  verb: string
  /** Template without leading slash. */
  path: string
  /** Declared inputs: an int or decimal parameter matches digits only. */
  input: readonly Field[]
  target: T
}

export interface Router<T> {
  /** `path` starts with `/`; parameters come decoded. Null when nothing matches or the path is not valid percent-encoding. */
  match(method: string, path: string): { target: T; params: Record<string, string> } | null
}

/** A router over the routes; one of the shape of an earlier one is left out (saving refuses such routes). Literal segments are tried before parameters. */
export function createGroupRouter<T>(routes: readonly Route<T>[]): Router<T> {
  const router = createRouter({ caseSensitive: true, ignoreTrailingSlash: true, maxParamLength: 1024 })
  const taken: Route<T>[] = []
  for (const route of routes) {
    if (taken.some((other) => routesConflict(other, route))) continue
    taken.push(route)
    router.on(route.verb as HTTPMethod, routerPath(route), () => {}, route.target)
  }
  return {
    match(method, path) {
      const found = router.find(method as HTTPMethod, path)
      return found === null ? null : { target: found.store as T, params: found.params as Record<string, string> }
    },
  }
}

/** Whether they are the same route but for the names of parameters. */
export const routesConflict = (a: { verb: string; path: string }, b: { verb: string; path: string }): boolean => a.verb === b.verb && sameShape(a.path, b.path)

function routerPath(route: { path: string; input: readonly Field[] }): string {
  const types = new Map(route.input.map((field) => [field.name, field.type]))
  const parts = parsePath(route.path).segments.map((segment) => {
    if ('literal' in segment) return segment.literal
    const pattern = digitPatterns[types.get(segment.param) ?? ''] ?? ''
    return `:${segment.param}${pattern}`
  })
  return `/${parts.join('/')}`
}

const digitPatterns: Record<string, string> = { int: '(^\\d+$)', decimal: '(^\\d+(?:\\.\\d+)?$)' }
