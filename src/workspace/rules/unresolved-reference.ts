/** Every name a definition uses exists. */
import { readAttributes } from '../../definitions/attributes.js'
import { problemAt } from '../../definitions/problem.js'
import { readTable } from '../../definitions/read-table.js'
import { type Reference, referencesOf } from '../../definitions/references.js'
import { didYouMean } from '../../lang/suggest.js'
import type { Entry, Proposal } from '../proposal.js'
import type { Finding, Rule } from './rule.js'

/** An agent may be named where an MCP server or toolset stands, and the other way round. */
const alike: Record<string, readonly string[]> = { agent: ['agent', 'mcp_server', 'toolset'], mcp_server: ['mcp_server', 'agent', 'toolset'] }

export const unresolvedReference: Rule = (proposal) => {
  const names = new Map<string, Map<string, Entry>>()
  for (const entry of proposal.entries) names.set(entry.kind, (names.get(entry.kind) ?? new Map()).set(entry.name, entry))
  const tables = names.get('table')
  // A view with an alias is read like a table.
  for (const entry of [...(tables?.values() ?? [])])
    for (const { alias } of readTable(entry.definition, 0, '').table.views) if (alias !== undefined && tables?.has(alias) === false) tables.set(alias, entry)
  const find = ({ kind, name }: Reference): Entry | undefined =>
    (alike[kind] ?? [kind]).map((one) => names.get(one)?.get(name)).find((entry) => entry !== undefined)
  return proposal.entries.flatMap((entry) =>
    referencesOf(entry.definition).flatMap((reference): Finding[] => {
      const target = find(reference)
      if (!isHeldAgainst(proposal, entry, reference, target)) return []
      const node = reference.at === undefined ? entry.definition : { at: reference.at }
      if (target === undefined) {
        const hint = didYouMean(reference.name, names.get(reference.kind)?.keys() ?? []) ?? `Push the ${reference.kind} "${reference.name}" too.`
        return [{ entry, problem: problemAt(node, `${reference.via}: the ${reference.kind} "${reference.name}" does not exist.`, hint) }]
      }
      return [
        {
          entry,
          problem: problemAt(node, `${reference.via}: the table "${reference.name}" has no auth enabled.`, `Add auth = true to the table "${reference.name}".`),
        },
      ]
    }),
  )
}

/** A stored definition that was broken before does not stop a change; one that this very change breaks does. */
function isHeldAgainst(proposal: Proposal, entry: Entry, reference: Reference, target: Entry | undefined): boolean {
  const changed = entry.action === 'create' || entry.action === 'update'
  if (target !== undefined) return changed && reference.auth === true && !hasAuth(target)
  if (changed) return true
  return proposal.removesAbsent && proposal.removed.some(({ row }) => row.kind === reference.kind && row.name === reference.name)
}

const hasAuth = (table: Entry): boolean => readAttributes(table.definition).bool('auth', false)
