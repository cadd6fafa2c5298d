/** An endpoint as the workspace reads it. */
import type { Definition } from '../lang/tree.js'
import { rolesProblem } from './access.js'
import { findAttribute, readAttributes, textAttribute } from './attributes.js'
import { readChallenge } from './challenge.js'
import { constantOf } from './constant.js'
import { parsePath, pathParams, trimSlashes } from './path.js'
import type { DefinitionProblem } from './problem.js'
import { readRequestLimit } from './request-limit.js'

export const verbs = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD'] as const
export type Verb = (typeof verbs)[number]

export interface QueryModel {
  path: string
  verb: Verb
  /** Name of the API group. */
  group: string
  /** Table whose tokens open it; null when it names none. */
  auth: string | null
  active: boolean
  responseType: 'standard' | 'stream'
  /** Why it may be called without a token (`public = "reason"`); null when nobody has said so. */
  publicReason: string | null
}

/** Reads `query PATH verb=… { … }`. */
export function readQuery(definition: Definition): { query: QueryModel; problems: DefinitionProblem[] } {
  const reader = readAttributes(definition)
  const path = trimSlashes(definition.name)
  const { problem } = parsePath(path)
  if (problem !== null) reader.fail(definition, problem)
  const group = textAttribute(definition, 'api_group') ?? ''
  if (group === '') reader.fail(findAttribute(definition, 'api_group') ?? definition, 'An endpoint names its API group.', 'Add api_group = "name".')
  const query: QueryModel = {
    path,
    verb: verbOf(definition, reader.fail),
    group,
    auth: authOf(definition, reader.fail),
    active: reader.bool('active', true),
    responseType: reader.oneOf('response_type', ['standard', 'stream'] as const, 'standard'),
    publicReason: publicReasonOf(definition),
  }
  if (findAttribute(definition, 'public') !== undefined && query.publicReason === null)
    reader.fail(findAttribute(definition, 'public'), 'A public endpoint says why.', 'Write public = "the reason".')
  const roles = rolesProblem(definition)
  if (roles !== null) reader.fail(findAttribute(definition, 'roles'), roles)
  readRequestLimit(definition, reader)
  readChallenge(definition, reader)
  return { query, problems: reader.problems }
}

/** Parameters of the path that no input reads: the stack cannot see them. A `dblink` brings the columns of a table as inputs. */
export function undeclaredParams({ name, input = [] }: Definition): string[] {
  const declared = new Set(input.map((field) => field.name))
  return input.some((field) => field.type === 'dblink') ? [] : pathParams(name).filter((param) => !declared.has(param))
}

type Fail = (node: { at?: number } | undefined, message: string, hint?: string) => void

function verbOf(definition: Definition, fail: Fail): Verb {
  const attribute = definition.headAttributes.find((candidate) => candidate.name === 'verb') ?? findAttribute(definition, 'verb')
  const value = attribute === undefined ? 'GET' : constantOf(attribute.value)
  const verb = typeof value === 'string' ? value.toUpperCase() : ''
  if ((verbs as readonly string[]).includes(verb)) return verb as Verb
  fail(attribute, `"${String(value)}" is not a verb.`, `Use one of ${verbs.join(', ')}.`)
  return 'GET'
}

/** `auth = "table"`; `""`, `false` and `null` name none. */
function authOf(definition: Definition, fail: Fail): string | null {
  const attribute = findAttribute(definition, 'auth')
  if (attribute === undefined) return null
  const value = constantOf(attribute.value)
  if (value === null || value === false || value === '') return null
  if (typeof value === 'string') return value
  fail(attribute, '"auth" must be the name of a table with auth enabled.')
  return null
}

/** The reason an endpoint is public, or null: what the exposure gate asks. */
export const publicReasonOf = (definition: Definition): string | null => textAttribute(definition, 'public')?.trim() || null
