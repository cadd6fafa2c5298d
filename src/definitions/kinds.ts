/** The constructs of a workspace, in the order in which they are pulled. Unknown ones are kept and treated like the rest. */

export interface Kind {
  /** The keyword: `table`, `query` … */
  kind: string
  /** How a push plan calls it: all triggers are `trigger`. */
  type: string
  /** Plural for people: `API groups`. */
  label: string
  /** Shared by all branches, or part of one. */
  scope: 'workspace' | 'branch'
  /** The instance runs it; the others are stored and answer "not supported yet". */
  runs: boolean
}

const kind = (name: string, label: string, options: Partial<Kind> = {}): Kind => ({ kind: name, type: name, label, scope: 'branch', runs: false, ...options })

export const kinds: readonly Kind[] = [
  kind('workspace', 'Workspace settings', { scope: 'workspace', runs: true }),
  kind('branch', 'Branch settings', { runs: true }),
  kind('table', 'Tables', { scope: 'workspace', runs: true }),
  kind('table_trigger', 'Table triggers', { type: 'trigger' }),
  kind('api_group', 'API groups', { runs: true }),
  kind('query', 'Endpoints', { runs: true }),
  kind('function', 'Functions', { runs: true }),
  kind('task', 'Tasks'),
  kind('middleware', 'Middleware'),
  kind('addon', 'Addons'),
  kind('agent', 'Agents'),
  kind('agent_trigger', 'Agent triggers', { type: 'trigger' }),
  kind('tool', 'Tools'),
  kind('toolset', 'Toolsets'),
  kind('mcp_server', 'MCP servers'),
  kind('mcp_server_trigger', 'MCP server triggers', { type: 'trigger' }),
  kind('realtime_channel', 'Realtime channels'),
  kind('realtime_trigger', 'Realtime triggers', { type: 'trigger' }),
  kind('workspace_trigger', 'Workspace triggers', { type: 'trigger' }),
  kind('error_trigger', 'Error triggers', { type: 'trigger' }),
  kind('workflow_test', 'Workflow tests', { runs: true }),
]

const byName = new Map(kinds.map((entry) => [entry.kind, entry]))

/** The kind of a keyword; an unknown keyword is a stored construct of its branch. */
export const kindOf = (name: string): Kind => byName.get(name) ?? kind(name, name, { type: name.endsWith('_trigger') ? 'trigger' : name })

/** Position in the pull order; unknown kinds come last. */
export function kindOrder(name: string): number {
  const at = kinds.findIndex((entry) => entry.kind === name)
  return at < 0 ? kinds.length : at
}
