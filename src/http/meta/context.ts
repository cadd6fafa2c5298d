/** Everything a branch holds as one map, for AI tools. */
import { stringify } from 'yaml'
import { textAttribute } from '../../definitions/attributes.js'
import { displayName } from '../../definitions/identity.js'
import { schemaToJson } from '../../definitions/table-json.js'
import { inputError } from '../../errors.js'
import { inputJson } from './function.js'
import { descriptionOf, readContext } from './logic-object.js'
import { type MetaRoute, TextAnswer } from './route.js'
import { namesOf } from './table.js'

export const contextRoutes: readonly MetaRoute[] = [
  {
    method: 'GET',
    path: '/workspace/:workspace_id/context',
    area: 'workspace',
    async handle(call) {
      const format = call.query('format')
      if (format !== '' && format !== 'json' && format !== 'yaml') throw inputError('format', '"format" must be json or yaml.')
      const context = await readContext(call)
      const objects: Record<string, unknown[]> = {}
      for (const row of context.rows) {
        if (row.kind === 'workspace' || row.kind === 'branch') continue
        const list = objects[row.kind] ?? []
        objects[row.kind] = list
        list.push({
          id: row.id,
          guid: row.guid,
          name: displayName(row),
          description: descriptionOf(row.definition),
          ...(row.kind === 'table' ? { schema: schemaToJson(row.definition, namesOf(context)) } : {}),
          ...(row.kind === 'query' ? { api_group: row.parent, auth: textAttribute(row.definition, 'auth') ?? '' } : {}),
          ...(row.definition.input === undefined ? {} : { input: inputJson(row.definition) }),
        })
      }
      const map = { branch: context.branch.label, ...objects }
      return format === 'yaml' ? new TextAnswer(stringify(map), 'application/yaml') : map
    },
  },
]
