/** Two endpoints of a group differ in more than the names of parameters: `GET user/{id}` and `GET user/{name}` cannot both exist. */
import { problemAt } from '../../definitions/problem.js'
import type { Entry } from '../proposal.js'
import { routesConflict } from '../router.js'
import type { Finding, Rule } from './rule.js'

export const pathConflict: Rule = (proposal) => {
  const groups = new Map<string, Entry[]>()
  for (const entry of proposal.entries) if (entry.kind === 'query') groups.set(entry.parent, [...(groups.get(entry.parent) ?? []), entry])
  return [...groups.values()].flatMap(conflictsIn)
}

function conflictsIn(entries: readonly Entry[]): Finding[] {
  return entries.flatMap((entry, i): Finding[] => {
    if (!isChanged(entry)) return []
    // Of two changed ones the later is named; of a changed and a stored one, the changed.
    const other = entries.find((candidate, j) => candidate !== entry && (j < i || !isChanged(candidate)) && clash(entry, candidate))
    if (other === undefined) return []
    const message = `${entry.verb} ${entry.name} answers the same requests as ${other.verb} ${other.name} of the API group "${entry.parent}".`
    return [{ entry, conflict: true, problem: problemAt(entry.definition, message, 'Change one of the two paths.') }]
  })
}

const isChanged = (entry: Entry): boolean => entry.action === 'create' || entry.action === 'update'

/** The same path is a duplicate name and reported as such. */
const clash = (a: Entry, b: Entry): boolean => a.name !== b.name && routesConflict({ verb: a.verb, path: a.name }, { verb: b.verb, path: b.name })
