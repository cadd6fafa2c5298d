/** Endpoints of an API group. */
import { textAttribute } from '../../definitions/attributes.js'
import { readQuery } from '../../definitions/query.js'
import { AppError } from '../../errors.js'
import type { Definition } from '../../lang/tree.js'
import type { DefinitionRow } from '../../workspace/store.js'
import { apiGroupResource } from './api-group.js'
import { inputJson } from './function.js'
import { contextOf, findRow, type ObjectContext, type ObjectResource, objectRoutes, withAttribute } from './logic-object.js'
import { openApiOfGroup } from './openapi.js'
import type { MetaRoute } from './route.js'

const groupOf = (context: ObjectContext): DefinitionRow => findRow(apiGroupResource, context, context.call.id('apigroup_id'))

const resource: ObjectResource = {
  kind: 'query',
  path: 'apigroup/:apigroup_id/api',
  area: 'api',
  attributes: ['auth', 'active', 'public', 'cache', 'history', 'middleware', 'response_type'],
  belongs: (row, context) => row.parent === groupOf(context).name,
  complete: (definition, context) => inGroup(definition, groupOf(context).name),
  fromJson(body, before) {
    const definition: Definition = before ?? {
      kind: 'query',
      name: '',
      headAttributes: [],
      attributes: [],
      tests: [],
      groups: [],
      input: [],
      stack: [],
      response: { type: 'constant', name: 'null' },
    }
    const asked = before === null ? { ...body, verb: body['verb'] ?? 'GET' } : body
    if (before === null && body['auth'] === undefined && body['public'] === undefined)
      throw new AppError('input', 'A new endpoint is private: name the table in "auth", or say in "public" why it may be called without a token.', {
        payload: { param: 'auth' },
      })
    if (asked['verb'] === undefined) return definition
    return { ...definition, headAttributes: [{ name: 'verb', value: { type: 'word', value: String(asked['verb']).toUpperCase() } }] }
  },
  toJson(row) {
    const { query } = readQuery(row.definition)
    return { verb: row.verb, auth: query.auth ?? '', active: query.active, public: query.publicReason ?? '', input: inputJson(row.definition) }
  },
}

/** The group of the path is the group of the endpoint. */
function inGroup(definition: Definition, group: string): Definition {
  const named = textAttribute(definition, 'api_group')
  if (named !== undefined && named !== '' && named !== group)
    throw new AppError('badRequest', `The document names the API group "${named}", the path "${group}".`)
  return named === group ? definition : withAttribute(definition, 'api_group', group)
}

export const endpointRoutes: readonly MetaRoute[] = [
  ...objectRoutes(resource),
  {
    method: 'GET',
    path: '/workspace/:workspace_id/apigroup/:apigroup_id/api/:id/openapi',
    area: 'api',
    async handle(call) {
      const context = await contextOf(call, call.id('id'))
      const row = findRow(resource, context, call.id('id'))
      const document = openApiOfGroup(call, context.branch.label, row.parent)
      const path = `/${row.name}`
      const operation = document.paths?.[path]?.[row.verb.toLowerCase()]
      return { ...document, paths: operation === undefined ? {} : { [path]: { [row.verb.toLowerCase()]: operation } } }
    },
  },
]
