/** Each document by itself: its attributes have the right types, its columns make sense. */
import { readApiGroup } from '../../definitions/api-group.js'
import { workspaceProblems } from '../../definitions/ip-access.js'
import type { DefinitionProblem } from '../../definitions/problem.js'
import { problemAt } from '../../definitions/problem.js'
import { readQuery } from '../../definitions/query.js'
import { readTable } from '../../definitions/read-table.js'
import { AppError } from '../../errors.js'
import { compileInputs } from '../../fields/inputs.js'
import type { Definition } from '../../lang/tree.js'
import { changedEntries, type Rule } from './rule.js'

const readers: Record<string, (definition: Definition) => DefinitionProblem[]> = {
  query: (definition) => readQuery(definition).problems,
  workspace: workspaceProblems,
  api_group: (definition) => readApiGroup(definition).problems,
  table: (definition) => readTable(definition, 0, '').problems,
}
/** Constructs whose inputs the server reads itself. */
const withInputs = new Set(['query', 'function'])
const nameless = new Set(['workspace', 'branch', 'query'])

export const ownProblems: Rule = (proposal) =>
  changedEntries(proposal).flatMap((entry) => {
    const problems = readers[entry.kind]?.(entry.definition) ?? []
    if (entry.definition.name.trim() === '' && !nameless.has(entry.kind)) problems.push(problemAt(entry.definition, `A ${entry.kind} has a name.`))
    if (withInputs.has(entry.kind)) problems.push(...inputProblems(entry.definition))
    return problems.map((problem) => ({ entry, problem }))
  })

function inputProblems(definition: Definition): DefinitionProblem[] {
  return (definition.input ?? []).flatMap((field) => {
    if (field.type === 'dblink') return []
    try {
      compileInputs([field])
      return []
    } catch (error) {
      if (error instanceof AppError) return [problemAt(field, error.message, error.hint)]
      throw error
    }
  })
}
