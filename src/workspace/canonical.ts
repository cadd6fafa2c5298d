/** The public names of API groups: given by the builder, else generated; never shared by two workspaces of one instance. */
import type { Queryable } from '../db/client.js'
import { readApiGroup, withCanonical } from '../definitions/api-group.js'
import { createGuid } from '../definitions/guid.js'
import { identityKey, sameDefinition } from '../definitions/identity.js'
import { problemAt } from '../definitions/problem.js'
import type { Entry, Proposal } from './proposal.js'
import type { Finding } from './rules/rule.js'
import { findCanonicals } from './store.js'

/** Writes a canonical into every API group of the proposal; findings are groups of this workspace that want the same one. */
export async function resolveCanonicals(db: Queryable, proposal: Proposal): Promise<Finding[]> {
  const groups = proposal.entries.filter((entry) => entry.kind === 'api_group')
  const wanted = groups.map((entry) => readApiGroup(entry.definition).group.canonical).filter((canonical) => canonical !== '')
  const elsewhere = new Set((await findCanonicals(db, wanted)).filter((use) => use.workspaceId !== proposal.state.workspace.id).map((use) => use.canonical))
  for (const entry of groups) if (entry.action !== 'keep') resolve(entry, elsewhere)
  return duplicates(groups)
}

function resolve(entry: Entry, elsewhere: ReadonlySet<string>): void {
  const wanted = readApiGroup(entry.definition).group.canonical
  const taken = elsewhere.has(wanted)
  entry.canonical = wanted === '' || taken ? (entry.row?.canonical ?? createGuid()) : wanted
  if (taken) entry.note = `The canonical ${wanted} is used by another workspace; this group is served at ${entry.canonical}.`
  if (entry.canonical !== wanted) entry.definition = withCanonical(entry.definition, entry.canonical)
  const { row } = entry
  if (
    row !== null &&
    row.guid === entry.guid &&
    identityKey(row) === identityKey(entry) &&
    row.canonical === entry.canonical &&
    sameDefinition(row.definition, entry.definition)
  )
    entry.action = 'unchanged'
}

function duplicates(groups: readonly Entry[]): Finding[] {
  const seen = new Map<string, Entry>()
  return groups.flatMap((entry): Finding[] => {
    if (entry.canonical === null) return []
    const other = seen.get(entry.canonical)
    seen.set(entry.canonical, entry)
    if (other === undefined) return []
    const blamed = entry.action === 'keep' ? other : entry
    return [
      {
        entry: blamed,
        conflict: true,
        problem: problemAt(
          blamed.definition,
          `The API groups "${other.name}" and "${entry.name}" have the same canonical ${entry.canonical}.`,
          'Leave the canonical out: one is generated.',
        ),
      },
    ]
  })
}
