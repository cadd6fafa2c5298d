/** A guid names one definition of its kind. */
import { problemAt } from '../../definitions/problem.js'
import type { Entry } from '../proposal.js'
import type { Finding, Rule } from './rule.js'

export const duplicateGuid: Rule = (proposal) => {
  const seen = new Map<string, Entry>()
  const findings: Finding[] = []
  for (const entry of [...proposal.entries].sort((a, b) => Number(a.action !== 'keep') - Number(b.action !== 'keep'))) {
    const key = `${entry.kind} ${entry.guid}`
    if (seen.has(key))
      findings.push({
        entry,
        conflict: true,
        problem: problemAt(entry.definition, `Duplicate ${entry.kind} guid: ${entry.guid}`, 'Remove the guid; a new one is made.'),
      })
    seen.set(key, entry)
  }
  return findings
}
