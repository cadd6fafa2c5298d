/** What programs may use: statements, filters and types with their documentation. */
import { fieldTypes } from '../../fields/index.js'
import type { MetaRoute } from './route.js'

const types = fieldTypes.map((type) => ({ name: type.name, aliases: type.aliases ?? [], summary: type.summary, column: type.column !== undefined }))

export const registryRoutes: readonly MetaRoute[] = [
  { method: 'GET', path: '/registry', area: 'instance', handle: async ({ deps }) => ({ ...deps.compilers.registry.describe(), types }) },
]
