/** The checks of the engine over a proposed workspace: unknown statements, filters, arguments, tables and columns. */
import { bypassReason } from '../definitions/access.js'
import { withoutPlaceholders } from '../definitions/placeholder.js'
import { type TableModel, withoutRules } from '../definitions/table.js'
import { fatal } from '../errors.js'
import type { SyntaxProblem } from '../lang/source.js'
import { checkDefinition } from '../runtime/compile.js'
import type { Callable, Workspace } from '../runtime/define.js'
import type { ProgramProblem } from '../runtime/problem.js'
import type { Compilers } from './compilers.js'
import { documentName } from './document-name.js'
import { modelsOf } from './models.js'
import type { Entry, Proposal } from './proposal.js'
import type { WorkspaceSnapshot } from './snapshot.js'

/** Problems of what the change brings. What is merely not supported yet is a warning: it is stored, and fails when it is called. */
export function checkPrograms(compilers: Compilers, proposal: Proposal): SyntaxProblem[] {
  const [ruled, exempt] = [proposedWorkspace(compilers, proposal, (table) => table), proposedWorkspace(compilers, proposal, withoutRules)]
  return proposal.entries
    .filter((entry) => entry.action === 'create' || entry.action === 'update')
    .flatMap((entry) => {
      const workspace = bypassReason(entry.definition) === null ? ruled : exempt
      return checkDefinition(withoutPlaceholders(entry.definition), compilers.registry, workspace).map((problem) => toProblem(entry, problem))
    })
}

/** Names are judged by the rules; the data layer judges tables and columns. */
function proposedWorkspace(compilers: Compilers, { state, entries }: Proposal, seen: (table: TableModel) => TableModel): Workspace {
  const models = modelsOf(
    entries.filter((entry) => entry.kind === 'table').map((entry) => ({ id: entry.row?.id ?? 0, guid: entry.guid, definition: entry.definition })),
  )
  const snapshot: WorkspaceSnapshot = {
    id: state.workspace.id,
    name: state.workspace.name,
    guid: state.workspace.guid,
    liveBranch: state.branch.label,
    branches: new Map(),
    tables: new Map([...models].map(([name, table]) => [name, seen(table)])),
    datasources: state.datasources,
    env: new Map(),
  }
  return {
    records: compilers.records(snapshot),
    callable: () => unjudged,
    document(kind, name) {
      const entry = entries.find((candidate) => candidate.kind === kind && candidate.name === name)
      if (entry === undefined) throw fatal(`${kind.charAt(0).toUpperCase()}${kind.slice(1)} does not exist: ${name}`)
      const { definition } = entry
      return { definition, inputs: compilers.inputs(definition, snapshot) }
    },
    isAuthTable: () => true,
  }
}

const unjudged: Callable = { document: '', call: () => Promise.resolve(null) }

function toProblem(entry: Entry, { message, hint, at, line, severity, unsupported }: ProgramProblem): SyntaxProblem {
  const where = entry.source === null || at === undefined ? { line: line ?? 1, column: 1 } : entry.source.position(at)
  return {
    ...where,
    message,
    severity: unsupported === true ? 'warning' : severity,
    document: documentName(entry),
    excerpt: entry.source === null || at === undefined ? '' : entry.source.excerpt(at),
    ...(hint === undefined ? {} : { hint }),
  }
}
