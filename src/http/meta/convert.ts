/** XanoScript to the JSON form of a definition and back. */
import { AppError } from '../../errors.js'
import { printDefinition } from '../../lang/printer.js'
import { withoutPositions } from '../../lang/visit.js'
import { readDocuments } from '../../workspace/multidoc/push.js'
import { definitionFromTree } from './definition-json.js'
import { type MetaRoute, TextAnswer } from './route.js'

const path = '/workspace/:workspace_id/convert'

export const convertRoutes: readonly MetaRoute[] = [
  {
    method: 'POST',
    path: `${path}/fromXS`,
    area: 'workspace',
    access: 'read',
    async handle({ body, deps }) {
      const text = body.kind === 'xanoscript' ? body.text : body.kind === 'json' ? (body.value as { xanoscript?: unknown } | null)?.xanoscript : undefined
      if (typeof text !== 'string') throw new AppError('badRequest', 'Send the document as text/x-xanoscript.')
      const definitions = readDocuments(deps.compilers.registry, text).map(({ definition }) => withoutPositions(definition))
      if (definitions.length === 0) throw new AppError('badRequest', 'The document holds no construct.')
      return definitions.length === 1 ? definitions[0] : definitions
    },
  },
  {
    method: 'POST',
    path: `${path}/toXS`,
    area: 'workspace',
    access: 'read',
    async handle({ body, deps }) {
      if (body.kind !== 'json') throw new AppError('badRequest', 'Send the definition as application/json.')
      return new TextAnswer(printDefinition(definitionFromTree(deps.compilers.registry, body.value)))
    },
  },
]
