/** Constructs that are stored, listed, edited and pulled like the rest, and do not run yet. */

import { z } from 'zod'
import { readAttributes, textAttribute } from '../../definitions/attributes.js'
import type { Definition } from '../../lang/tree.js'
import { applyChange } from '../../workspace/change.js'
import { contextOf, findRow, type ObjectResource, objectJson, objectRoutes, readContext, withAttribute } from './logic-object.js'
import type { MetaRoute } from './route.js'

const isActive = (definition: Definition): boolean => readAttributes(definition).bool('active', true)

const task: ObjectResource = {
  kind: 'task',
  path: 'task',
  area: 'task',
  attributes: ['active', 'datasource', 'schedule'],
  toJson: ({ definition }) => ({ active: isActive(definition), datasource: textAttribute(definition, 'datasource') ?? '' }),
}

const resources: readonly ObjectResource[] = [
  task,
  { kind: 'middleware', path: 'middleware', area: 'function' },
  { kind: 'addon', path: 'addon', area: 'function' },
  {
    kind: 'tool',
    path: 'tool',
    area: 'function',
    attributes: ['instructions'],
    toJson: ({ definition }) => ({ instructions: textAttribute(definition, 'instructions') ?? '' }),
  },
  {
    kind: 'table_trigger',
    path: 'table/trigger',
    area: 'function',
    toJson: (row, { rows }) => ({
      active: isActive(row.definition),
      table_id: rows.find((table) => table.kind === 'table' && table.name === row.parent)?.id ?? 0,
    }),
  },
  { kind: 'workspace_trigger', path: 'trigger', area: 'function' },
  { kind: 'agent_trigger', path: 'agent/trigger', area: 'function' },
  { kind: 'mcp_server_trigger', path: 'mcp_server/trigger', area: 'function' },
  { kind: 'realtime_trigger', path: 'realtime/channel/trigger', area: 'function' },
  { kind: 'realtime_trigger', path: 'realtime/trigger', area: 'function' },
  {
    kind: 'agent',
    path: 'agent',
    area: 'function',
    security: ['canonical'],
    toJson: ({ definition }) => ({ canonical: textAttribute(definition, 'canonical') ?? '' }),
  },
  {
    kind: 'mcp_server',
    path: 'mcp_server',
    area: 'function',
    security: ['canonical'],
    toJson: ({ definition }) => ({ canonical: textAttribute(definition, 'canonical') ?? '', active: isActive(definition) }),
  },
  { kind: 'realtime_channel', path: 'realtime/channel', area: 'function', toJson: ({ definition }) => ({ active: isActive(definition) }) },
  { kind: 'workflow_test', path: 'workflow_test', area: 'function' },
]

const activate: MetaRoute = {
  method: 'PUT',
  path: '/workspace/:workspace_id/task/:id/activate',
  area: 'task',
  async handle(call) {
    const { active } = call.json(z.object({ active: z.boolean() }).loose())
    const context = await contextOf(call, call.id('id'))
    const row = findRow(task, context, call.id('id'))
    const document = { definition: withAttribute(row.definition, 'active', active), source: null, rowId: row.id }
    await applyChange(call.deps, { workspaceId: call.workspaceId, branch: context.branch.label, documents: [document], author: call.caller.name })
    const after = await readContext(call, context.branch.label)
    return objectJson(task, findRow(task, after, row.id), after)
  },
}

export const storedObjectRoutes: readonly MetaRoute[] = [...resources.flatMap(objectRoutes), activate]
