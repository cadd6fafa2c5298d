/** The security rules over a proposed workspace: what they find is told, and in strict mode stops the change. */
import { readAttributes } from '../definitions/attributes.js'
import { type SyntaxProblem, syntaxError } from '../lang/source.js'
import type { Definition } from '../lang/tree.js'
import { documentName } from './document-name.js'
import type { Entry, Proposal } from './proposal.js'
import { createContext, runRules, type SecurityFinding } from './rules/security/index.js'

/** A finding as push, dry run and the security report answer it. */
export interface FindingJson {
  rule: string
  title: string
  severity: 'error' | 'warning'
  /** Line of the security checklist. */
  seed: string
  document: string
  line: number
  column: number
  message: string
  fix: string
  /** Why the builder accepts it. */
  accepted?: string
}

/** `workspace NAME { security = {strict: true} }`: errors stop a save. */
export const isStrict = (workspace: Definition | undefined): boolean =>
  workspace !== undefined && readAttributes(workspace).object('security').bool('strict', false)

/** Findings in the documents of a change. Throws `syntax` for errors nobody accepted when the workspace is strict, and for what production never stores. */
export function checkSecurity({ entries }: Proposal, mode: 'production' | 'development'): FindingJson[] {
  const byDefinition = new Map<Definition, Entry>(entries.map((entry) => [entry.definition, entry]))
  const context = createContext(entries.map((entry) => entry.definition))
  const sent = entries.filter((entry) => entry.action !== 'keep').map((entry) => entry.definition)
  const found = runRules(sent, context).flatMap((finding) => {
    const entry = byDefinition.get(finding.definition)
    return entry === undefined ? [] : [{ entry, finding, json: toJson(finding, entry) }]
  })
  const strict = isStrict(context.workspace)
  const blocks = ({ rule, accepted }: SecurityFinding): boolean =>
    (strict && rule.severity === 'error' && accepted === null) || (rule.refusedInProduction === true && mode === 'production')
  const blocking = found.filter(({ entry, finding }) => entry.action !== 'unchanged' && blocks(finding))
  if (blocking.length > 0) throw syntaxError(blocking.map(({ entry, finding, json }) => toProblem(finding, entry, json)))
  return found.map(({ json }) => json)
}

/** A finding in a stored definition or in a document of a change. */
export function toJson(finding: SecurityFinding, entry: Pick<Entry, 'source' | 'kind' | 'name' | 'verb'>): FindingJson {
  const { rule, message, fix, at, line, accepted } = finding
  const where = entry.source === null || at === undefined ? { line: line ?? 1, column: 1 } : entry.source.position(at)
  return {
    rule: rule.id,
    title: rule.title,
    severity: rule.severity,
    seed: rule.seed,
    document: documentName(entry),
    ...where,
    message,
    fix,
    ...(accepted === null ? {} : { accepted }),
  }
}

const toProblem = ({ rule, at }: SecurityFinding, entry: Entry, { document, line, column, message, fix }: FindingJson): SyntaxProblem => ({
  message: `${message} (${rule.id})`,
  hint: fix,
  line,
  column,
  excerpt: entry.source === null || at === undefined ? '' : entry.source.excerpt(at),
  severity: 'error',
  document,
})
