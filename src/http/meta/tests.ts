/** Tests inside functions, endpoints and middleware, and workflow tests: listed; running them is not supported yet and says so. */
import { AppError } from '../../errors.js'
import type { DefinitionRow } from '../../workspace/store.js'
import { envelope, windowOf } from './format.js'
import { readContext } from './logic-object.js'
import type { MetaRoute } from './route.js'

interface UnitTest {
  id: string
  name: string
  description: string
  obj_id: number
  obj_name: string
  obj_type: string
  input_count: number
  expect_count: number
}

const testsOf = (row: DefinitionRow): UnitTest[] =>
  row.definition.tests.map((test, i) => ({
    id: `${row.id}-${i + 1}`,
    name: test.name,
    description: test.description ?? '',
    obj_id: row.id,
    obj_name: row.name,
    obj_type: row.kind,
    input_count: test.attributes.filter((attribute) => attribute.name === 'input').length,
    expect_count: test.expectations.length,
  }))

const cannotRun = (name: string) => ({ status: 'error', message: `not supported yet: ${name}`, results: [], timing: 0 })

export const testRoutes: readonly MetaRoute[] = [
  {
    method: 'GET',
    path: '/workspace/:workspace_id/unit_test',
    area: 'function',
    async handle(call) {
      const { rows } = await readContext(call)
      const wanted = call.query('obj_type')
      const found = rows.filter((row) => wanted === '' || row.kind === wanted).flatMap(testsOf)
      const window = windowOf(call)
      const from = (window.page - 1) * window.perPage
      return envelope(found.slice(from, from + window.perPage), found.length, window)
    },
  },
  {
    method: 'POST',
    path: '/workspace/:workspace_id/unit_test/:id/run',
    area: 'function',
    async handle(call) {
      const { rows } = await readContext(call)
      if (!rows.flatMap(testsOf).some((test) => test.id === call.param('id'))) throw new AppError('notFound')
      return cannotRun('unit tests')
    },
  },
  {
    method: 'POST',
    path: '/workspace/:workspace_id/workflow_test/:id/run',
    area: 'function',
    async handle(call) {
      const { rows } = await readContext(call)
      if (!rows.some((row) => row.kind === 'workflow_test' && row.id === call.id('id'))) throw new AppError('notFound')
      return cannotRun('workflow_test')
    },
  },
  { method: 'POST', path: '/workspace/:workspace_id/workflow_test/run', area: 'function', handle: async () => cannotRun('workflow_test') },
]
