/** No two definitions of one kind have one name. */
import { displayName, identityKey } from '../../definitions/identity.js'
import { problemAt } from '../../definitions/problem.js'
import type { Entry } from '../proposal.js'
import type { Finding, Rule } from './rule.js'

export const duplicateName: Rule = (proposal) => {
  const seen = new Map<string, Entry>()
  const findings: Finding[] = []
  for (const entry of [...proposal.entries].sort((a, b) => Number(a.action !== 'keep') - Number(b.action !== 'keep'))) {
    const key = identityKey(entry)
    if (seen.has(key) && entry.action !== 'keep')
      findings.push({
        entry,
        conflict: true,
        problem: problemAt(
          entry.definition,
          `Another ${entry.kind} is called "${displayName(entry)}" already.`,
          'Give it another name, or the guid of the other one to replace that.',
        ),
      })
    seen.set(key, entry)
  }
  return findings
}
