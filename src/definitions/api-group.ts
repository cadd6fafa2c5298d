/** An API group as the workspace reads it. */
import type { Definition } from '../lang/tree.js'
import type { IpLists } from '../lib/ip-list.js'
import { rolesProblem } from './access.js'
import { type AttributeReader, findAttribute, readAttributes, textAttribute } from './attributes.js'
import { constantOf } from './constant.js'
import { readIpAccess } from './ip-access.js'
import type { DefinitionProblem } from './problem.js'
import { readRequestLimit } from './request-limit.js'

export interface ApiGroupModel {
  name: string
  /** The URL part; empty until one is generated. */
  canonical: string
  active: boolean
  cors: { mode: 'default' | 'custom' | 'disabled'; origins: string[]; methods: string[]; headers: string[]; credentials: boolean; maxAge: number }
  swagger: SwaggerModel
  /** Networks that may reach it, and those that may not. */
  ipAccess: IpLists
}

/** Who may read the description of a group. */
export interface SwaggerModel {
  active: boolean
  /** Opens it as `?token=`; empty when it needs none. */
  token: string
  /** The group says so itself; otherwise production asks for an administrator's token. */
  stated: boolean
}

/** `/api:meta` is ours. */
const reserved = new Set(['meta', 'admin'])
const canonicalPattern = /^[A-Za-z0-9_-]{2,64}$/

/** Reads `api_group NAME { … }`. A missing canonical is not a problem: one is generated. */
export function readApiGroup(definition: Definition): { group: ApiGroupModel; problems: DefinitionProblem[] } {
  const reader = readAttributes(definition)
  const canonical = textAttribute(definition, 'canonical') ?? ''
  const at = findAttribute(definition, 'canonical')
  if (canonical !== '' && !canonicalPattern.test(canonical))
    reader.fail(at, `The canonical "${canonical}" is not URL-safe.`, 'Use 6 to 12 letters, digits, "_" or "-", or leave it out.')
  if (reserved.has(canonical)) reader.fail(at, `The canonical "${canonical}" is reserved.`)
  if (definition.name.trim() === '') reader.fail(definition, 'An API group has a name.')
  readRequestLimit(definition, reader)
  const cors = reader.object('cors')
  const mode = cors.text('mode', 'default')
  if (mode !== 'default' && mode !== 'custom' && mode !== 'disabled' && mode !== 'simple')
    reader.fail(findAttribute(definition, 'cors'), `"cors.mode" must be default, custom or disabled.`)
  const roles = rolesProblem(definition)
  if (roles !== null) reader.fail(findAttribute(definition, 'roles'), roles)
  return {
    group: {
      name: definition.name,
      canonical,
      active: reader.bool('active', true),
      cors: {
        mode: mode === 'custom' || mode === 'disabled' ? mode : 'default',
        origins: cors.texts('origins', []),
        methods: cors.texts('methods', []),
        headers: cors.texts('headers', []),
        credentials: cors.bool('credentials', false),
        maxAge: cors.int('max_age', 3600),
      },
      swagger: readSwagger(definition, reader),
      ipAccess: readIpAccess(definition, reader),
    },
    problems: reader.problems,
  }
}

/** `swagger = {active: true, token: ""}`, or just `swagger = true`. */
function readSwagger(definition: Definition, reader: AttributeReader): SwaggerModel {
  const attribute = findAttribute(definition, 'swagger')
  const value = attribute === undefined ? undefined : constantOf(attribute.value)
  if (typeof value === 'boolean') return { active: value, token: '', stated: true }
  const swagger = reader.object('swagger')
  return { active: swagger.bool('active', true), token: swagger.text('token', ''), stated: swagger.present }
}

/** The definition with this canonical written in. */
export function withCanonical(definition: Definition, canonical: string): Definition {
  const attribute = { name: 'canonical', value: { type: 'text' as const, value: canonical } }
  const at = definition.attributes.findIndex((candidate) => candidate.name === 'canonical')
  return { ...definition, attributes: at < 0 ? [attribute, ...definition.attributes] : definition.attributes.with(at, attribute) }
}
