/** What the reader must know of the statements and filters that exist; the runtime registry answers it. */

/** What the reader must know of one statement. */
export interface StatementShape {
  /** Names of the inner blocks that hold statements, such as `stack`, `each`, `if`. */
  blocks?: readonly string[]
}

/** The names a program may use. An empty list of names means: do not judge them. */
export interface Grammar {
  statement(name: string): StatementShape | undefined
  statementNames(): readonly string[]
  filterNames(): readonly string[]
}

/** A grammar without knowledge: everything is read generically and no name is doubted. */
export const openGrammar: Grammar = { statement: () => undefined, statementNames: () => [], filterNames: () => [] }

/** Blocks that hold statements in whatever statement they appear. */
export const statementBlocks: ReadonlySet<string> = new Set(['stack', 'each', 'if', 'elseif', 'else', 'case', 'default', 'try', 'catch', 'finally'])

/** The constructs that documents describe. */
export const constructKeywords: readonly string[] = [
  'table',
  'table_trigger',
  'api_group',
  'query',
  'function',
  'function_trigger',
  'task',
  'middleware',
  'addon',
  'agent',
  'agent_trigger',
  'tool',
  'toolset',
  'mcp_server',
  'mcp_server_trigger',
  'realtime_server',
  'realtime_channel',
  'realtime_message',
  'realtime_trigger',
  'workspace',
  'workspace_trigger',
  'branch',
  'workflow_test',
  'error_trigger',
  'run.job',
  'run.service',
  'market_item',
  'tablemap',
  'prompt',
  'resource',
  'microservice',
]

/** Variables the language fills itself; programs in the wild assign some of them. */
export const reservedVariables: ReadonlySet<string> = new Set(['response', 'output', 'input', 'auth', 'env', 'db', 'this', 'result', 'index'])

/** Unquoted spellings that are values, not words. */
export const constantNames: ReadonlySet<string> = new Set(['true', 'false', 'null', 'now'])

/** Types a cast literal (`!int "5"`) can name. */
export const castTypes: ReadonlySet<string> = new Set(['int', 'bool', 'array', 'text', 'expr', 'decimal', 'object', 'timestamp'])

/** Field types that may stand without a name: they expand to several fields. */
export const namelessTypes: ReadonlySet<string> = new Set(['dblink'])
