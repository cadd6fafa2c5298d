/** What a workspace would be after a change: documents matched to stored definitions, nothing written yet. */
import { findAttribute } from '../definitions/attributes.js'
import { createGuid, guidOf, withoutGuid } from '../definitions/guid.js'
import { type Identity, identityKey, identityOf, sameDefinition } from '../definitions/identity.js'
import { kindOf } from '../definitions/kinds.js'
import { renameReferences } from '../definitions/references.js'
import { AppError } from '../errors.js'
import type { Source } from '../lang/source.js'
import type { Definition, Expr } from '../lang/tree.js'
import { keepAbsent } from './keep-absent.js'
import type { WorkspaceState } from './state.js'
import type { DefinitionRow } from './store.js'

/** A document to be stored. */
export interface IncomingDocument {
  definition: Definition
  /** The text it was read from; null when it came as JSON. */
  source: Source | null
  /** The row it replaces, whatever its name and guid say. */
  rowId?: number
  /** It must be new: nothing is replaced by name or guid. */
  isNew?: true
}

export interface Entry extends Identity {
  /** Stored before; null when the change creates it. */
  row: DefinitionRow | null
  /** As it will be stored: without guid, variables and rows; with positions when it came as text. */
  definition: Definition
  guid: string
  canonical: string | null
  /** `keep`: not part of the change. */
  action: 'create' | 'update' | 'unchanged' | 'keep'
  source: Source | null
  /** `items` of a table document. */
  items: Expr | null
  /** `env` of a workspace document. */
  env: Expr | null
  /** What the builder should know of it, in the plan. */
  note: string
  /** Columns and indexes the document leaves out and a partial change keeps. */
  kept: string[]
}

export interface Proposal {
  state: WorkspaceState
  entries: Entry[]
  removed: { row: DefinitionRow; cascade: boolean }[]
  /** Renamed constructs, whose stored references were rewritten. */
  renames: { kind: string; from: string; to: string }[]
  /** True when whatever the documents leave out is removed. */
  removesAbsent: boolean
}

export interface ProposalOptions {
  /** Rows to remove, or everything the documents leave out. */
  remove: 'none' | 'absent' | readonly number[]
  /** Columns and indexes that table documents leave out stay. */
  partial?: boolean
}

/** Matches the documents. Throws `badRequest` when two of them carry one guid. */
export function propose(state: WorkspaceState, documents: readonly IncomingDocument[], options: ProposalOptions): Proposal {
  assertGuidsOnce(documents)
  const matches = matchRows(state.rows, documents)
  const incoming = documents.map((document, i) => entryOf(state, document, matches[i] ?? null, options.partial === true))
  const claimed = new Set(incoming.flatMap((entry) => (entry.row === null ? [] : [entry.row.id])))
  const removed = removedRows(state, incoming, claimed, options.remove)
  const gone = new Set(removed.map(({ row }) => row.id))
  const kept = state.rows.filter((row) => !claimed.has(row.id) && !gone.has(row.id)).map(keptEntry)
  const proposal: Proposal = { state, entries: [...incoming, ...kept], removed, renames: [], removesAbsent: options.remove === 'absent' }
  followRenames(proposal)
  return proposal
}

function assertGuidsOnce(documents: readonly IncomingDocument[]): void {
  const seen = new Set<string>()
  for (const { definition } of documents) {
    const guid = guidOf(definition)
    if (guid === null) continue
    const key = `${definition.kind} ${guid}`
    if (seen.has(key))
      throw new AppError('badRequest', `Duplicate ${definition.kind} guid: ${guid}`, { hint: 'Remove the guid from the copied document; a new one is made.' })
    seen.add(key)
  }
}

/** By the row named, else by guid, else by what the documents are called. */
function matchRows(rows: readonly DefinitionRow[], documents: readonly IncomingDocument[]): (DefinitionRow | null)[] {
  const byGuid = new Map(rows.map((row) => [`${row.kind} ${row.guid}`, row]))
  const byKey = new Map(rows.map((row) => [identityKey(row), row]))
  const claimed = new Set<number>()
  const claim = (row: DefinitionRow | undefined): DefinitionRow | null => {
    if (row === undefined || claimed.has(row.id)) return null
    claimed.add(row.id)
    return row
  }
  const matches = documents.map(({ definition, rowId, isNew }) => {
    if (isNew === true) return null
    if (rowId !== undefined) return claim(rows.find((row) => row.id === rowId))
    const guid = guidOf(definition)
    return guid === null ? null : claim(byGuid.get(`${definition.kind} ${guid}`))
  })
  return matches.map((match, i) => {
    const document = documents[i]
    if (match !== null || document === undefined || document.rowId !== undefined || document.isNew === true) return match
    return claim(byKey.get(identityKey(identityOf(document.definition))))
  })
}

function entryOf(state: WorkspaceState, { definition, source }: IncomingDocument, row: DefinitionRow | null, partial: boolean): Entry {
  const sent = storedForm(state, definition)
  const { definition: stored, kept } = partial && row?.kind === 'table' ? keepAbsent(row.definition, sent) : { definition: sent, kept: [] }
  const identity = identityOf(stored)
  const guid = guidOf(definition) ?? row?.guid ?? createGuid()
  const same = row !== null && row.guid === guid && identityKey(row) === identityKey(identity) && sameDefinition(row.definition, stored)
  return {
    ...identity,
    row,
    definition: stored,
    guid,
    canonical: null,
    action: row === null ? 'create' : same ? 'unchanged' : 'update',
    source,
    items: definition.kind === 'table' ? (findAttribute(definition, 'items')?.value ?? null) : null,
    env: definition.kind === 'workspace' ? envOf(definition) : null,
    note: '',
    kept,
  }
}

/** Rows and variables are data, the guid has its own column, and settings documents carry the name of what they configure. */
function storedForm(state: WorkspaceState, definition: Definition): Definition {
  const stored = withoutGuid(definition)
  switch (definition.kind) {
    case 'table':
      return without(stored, 'items')
    case 'workspace':
      return { ...without(stored, 'env'), name: state.workspace.name }
    case 'branch':
      return { ...stored, name: state.branch.label }
    default:
      return stored
  }
}

const without = (definition: Definition, name: string): Definition => ({
  ...definition,
  attributes: definition.attributes.filter((attribute) => attribute.name !== name),
  groups: definition.groups.filter((group) => group.name !== name),
})

function envOf(definition: Definition): Expr | null {
  const attribute = findAttribute(definition, 'env')
  if (attribute !== undefined) return attribute.value
  const group = definition.groups.find((candidate) => candidate.name === 'env')
  return group === undefined ? null : { type: 'object', entries: group.attributes.map(({ name, value }) => ({ type: 'entry', key: name, value })) }
}

export const keptEntry = (row: DefinitionRow): Entry => ({
  kind: row.kind,
  name: row.name,
  parent: row.parent,
  verb: row.verb,
  row,
  definition: row.definition,
  guid: row.guid,
  canonical: row.canonical,
  action: 'keep',
  source: null,
  items: null,
  env: null,
  note: '',
  kept: [],
})

/** Settings are never removed; endpoints go with their group. */
function removedRows(state: WorkspaceState, incoming: readonly Entry[], claimed: ReadonlySet<number>, remove: ProposalOptions['remove']): Proposal['removed'] {
  if (remove === 'none') return []
  const chosen = (row: DefinitionRow): boolean => (remove === 'absent' ? row.kind !== 'workspace' && row.kind !== 'branch' : remove.includes(row.id))
  const direct = state.rows.filter((row) => !claimed.has(row.id) && chosen(row))
  const ids = new Set(direct.map((row) => row.id))
  const groups = new Set(direct.filter((row) => row.kind === 'api_group').map((row) => row.name))
  const tables = new Set(direct.filter((row) => row.kind === 'table').map((row) => row.name))
  for (const entry of incoming) if (entry.kind === 'api_group') groups.delete(entry.name)
  const follows = (row: DefinitionRow): boolean => (row.kind === 'query' && groups.has(row.parent)) || (row.kind === 'table_trigger' && tables.has(row.parent))
  const cascaded = state.rows.filter((row) => !ids.has(row.id) && !claimed.has(row.id) && follows(row))
  return [...direct.map((row) => ({ row, cascade: false })), ...cascaded.map((row) => ({ row, cascade: true }))]
}

/** Whatever is not part of the change and names a renamed construct is changed along with it. */
function followRenames(proposal: Proposal): void {
  for (const entry of proposal.entries) {
    if (entry.row === null || entry.row.name === entry.name || entry.kind === 'query') continue
    proposal.renames.push({ kind: entry.kind, from: entry.row.name, to: entry.name })
  }
  if (proposal.renames.length === 0) return
  for (const entry of proposal.entries) {
    if (entry.action !== 'keep') continue
    const renamed = renameAll(entry.definition, proposal.renames)
    if (renamed === entry.definition) continue
    Object.assign(entry, identityOf(renamed), { definition: renamed, action: 'update' as const, note: 'follows a rename' })
  }
}

export const renameAll = (definition: Definition, renames: Proposal['renames']): Definition =>
  renames.reduce((current, { kind, from, to }) => renameReferences(current, kind, from, to), definition)

/** Whether a construct belongs to all branches. */
export const isShared = (kind: string): boolean => kindOf(kind).scope === 'workspace'
