/** API groups. */
import { readApiGroup } from '../../definitions/api-group.js'
import type { DefinitionRow } from '../../workspace/store.js'
import { contextOf, findRow, type ObjectContext, type ObjectResource, objectRoutes } from './logic-object.js'
import { openApiOfBranch, openApiOfGroup } from './openapi.js'
import type { MetaRoute } from './route.js'

export const apiGroupResource: ObjectResource = {
  kind: 'api_group',
  path: 'apigroup',
  area: 'api',
  attributes: ['canonical', 'active', 'cors', 'history', 'middleware'],
  security: ['canonical'],
  fromJson(body, before) {
    const definition = before ?? { kind: 'api_group', name: '', headAttributes: [], attributes: [], tests: [], groups: [] }
    if (typeof body['swagger'] !== 'boolean') return definition
    const swagger = {
      type: 'object' as const,
      entries: [
        { type: 'entry' as const, key: 'active', value: { type: 'constant' as const, name: body['swagger'] ? ('true' as const) : ('false' as const) } },
      ],
    }
    return { ...definition, attributes: [...definition.attributes.filter((attribute) => attribute.name !== 'swagger'), { name: 'swagger', value: swagger }] }
  },
  toJson: groupJson,
}

const corsJson = ({ maxAge, ...cors }: ReturnType<typeof readApiGroup>['group']['cors']): object => ({ ...cors, max_age: maxAge })

function groupJson(row: DefinitionRow, { call }: ObjectContext): object {
  const { group } = readApiGroup(row.definition)
  const link = `${call.deps.settings.baseUrl}/api:${row.canonical ?? group.canonical}`
  return {
    canonical: row.canonical ?? group.canonical,
    active: group.active,
    swagger: group.swagger.active,
    documentation: { link: group.swagger.active ? link : '', require_token: group.swagger.token !== '' },
    cors: corsJson(group.cors),
  }
}

export const apiGroupRoutes: readonly MetaRoute[] = [
  ...objectRoutes(apiGroupResource),
  {
    method: 'GET',
    path: '/workspace/:workspace_id/apigroup/:id/openapi',
    area: 'api',
    async handle(call) {
      const context = await contextOf(call, call.id('id'))
      const row = findRow(apiGroupResource, context, call.id('id'))
      return openApiOfGroup(call, context.branch.label, row.name)
    },
  },
  { method: 'GET', path: '/workspace/:workspace_id/openapi', area: 'api', handle: async (call) => openApiOfBranch(call) },
]
