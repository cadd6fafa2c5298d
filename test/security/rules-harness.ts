/** Documents in, findings of the security rules out. */
import { allFilters } from '../../src/filters/index.js'
import { parseDocuments } from '../../src/lang/parser.js'
import type { Definition } from '../../src/lang/tree.js'
import { createRegistry } from '../../src/runtime/registry.js'
import { allStatements } from '../../src/statements/index.js'
import { createContext, runRules, type SecurityFinding } from '../../src/workspace/rules/security/index.js'

const registry = createRegistry(allStatements, allFilters)

export function parseAll(text: string): Definition[] {
  const { definitions, problems } = parseDocuments(text, registry)
  const errors = problems.filter((problem) => problem.severity === 'error')
  if (errors.length > 0) throw new Error(`${errors.map((problem) => `${problem.line}: ${problem.message}`).join('\n')}\n${text}`)
  return definitions.map(({ definition }) => definition)
}

/** Findings in the documents, which see each other and those `around` them. */
export function findings(text: string, around = ''): SecurityFinding[] {
  const own = parseAll(text)
  return runRules(own, createContext([...own, ...(around === '' ? [] : parseAll(around))]))
}

/** Ids of the rules that found something, without repetition. */
export const rulesIn = (found: readonly SecurityFinding[]): string[] => [...new Set(found.map(({ rule }) => rule.id))]
