/**
 * Every change of a workspace goes through here, a push of a thousand documents and the edit of one endpoint alike:
 * matched, checked, planned, and written in one transaction with the DDL it needs. Nothing happens when anything fails.
 */
import type { Database, Transaction } from '../db/client.js'
import { sqlState } from '../db/failure.js'
import { sameDefinition } from '../definitions/identity.js'
import { AppError } from '../errors.js'
import { hasErrors, type SyntaxProblem, syntaxError } from '../lang/source.js'
import type { Definition } from '../lang/tree.js'
import { withoutPositions } from '../lang/visit.js'
import type { Passwords } from '../runtime/capabilities.js'
import { resolveCanonicals } from './canonical.js'
import { checkPrograms } from './check.js'
import type { Compilers, Vaults } from './compilers.js'
import { type EnvCipher, writeEnv } from './env.js'
import { envValues } from './env-values.js'
import { repairWorkspaceIndexes } from './indexes.js'
import { describePlan, type Plan } from './plan.js'
import { type Entry, type IncomingDocument, isShared, type Proposal, propose, renameAll } from './proposal.js'
import { rejection } from './rejection.js'
import type { LiveSnapshot } from './reload.js'
import { type Finding, rules } from './rules/index.js'
import { checkSecurity, type FindingJson } from './security-check.js'
import { readState, type WorkspaceState } from './state.js'
import {
  type DefinitionRow,
  deleteDefinitions,
  insertDefinition,
  listBranches,
  listDefinitions,
  lockWorkspace,
  parkDefinition,
  updateDefinition,
  updateLines,
} from './store.js'
import { applyTables, type ColumnRename, planTables, type TableChanges, type TablePlanner } from './tables.js'

export interface ChangeContext {
  db: Database
  live: LiveSnapshot
  cipher: EnvCipher
  compilers: Compilers
  /** Hashes passwords in the rows documents bring. */
  passwords: Passwords
  /** Seals the encrypted columns in them. */
  vaults: Vaults
  /** Production refuses what development only reports: see `refusedInProduction` of the rules. */
  mode: 'production' | 'development'
}

export interface ChangeRequest {
  workspaceId: number
  /** Null or `""` = the live branch. */
  branch: string | null
  documents: readonly IncomingDocument[]
  /** Rows to remove, or everything the documents leave out. */
  remove?: 'none' | 'absent' | readonly number[]
  /** Columns and indexes that table documents leave out stay. */
  partial?: boolean
  /** Sets the workspace variables the workspace document carries. */
  env?: boolean
  /** Writes `items` of tables that exist already; new tables always get theirs. */
  records?: boolean
  /** False: new tables bring their rows with them, so that their `items` are not written; default true. */
  seed?: boolean
  /** Empties the tables among the documents first. */
  truncate?: boolean
  /** Columns that keep their data under another name. */
  columnRenames?: readonly ColumnRename[]
  /** Plans tables that stand in the database already. */
  planner?: TablePlanner
  /** Runs first in the transaction of the change, after the workspace is locked. */
  before?(transaction: Transaction): Promise<void>
  /** Who changes, for the version history. */
  author?: string
  /** Refuses to begin; called with the state the change starts from. */
  guard?(state: WorkspaceState): void
}

export interface ChangeOutcome extends Plan {
  state: WorkspaceState
  /** What the documents became, in their order. */
  saved: { id: number; guid: string; entry: Entry }[]
  warnings: SyntaxProblem[]
  /** What the security rules found in the documents. */
  findings: FindingJson[]
}

/** Makes the change. It serves here, and other nodes know of it, before this resolves. */
export async function applyChange(context: ChangeContext, request: ChangeRequest): Promise<ChangeOutcome> {
  const outcome = await withLockRetries(() => attemptChange(context, request))
  await context.live.refresh(request.workspaceId)
  const problems = await repairWorkspaceIndexes(context.db, request.workspaceId)
  return problems.length === 0 ? outcome : { ...outcome, warnings: [...outcome.warnings, ...problems.map(indexWarning)] }
}

const indexWarning = (message: string): SyntaxProblem => ({ message, line: 1, column: 1, excerpt: '', severity: 'warning', document: 'index' })

const attemptChange = (context: ChangeContext, request: ChangeRequest): Promise<ChangeOutcome> =>
  context.db.withTransaction(async (transaction) => {
    const prepared = await prepare(context, transaction, request)
    const saved = await write(context, transaction, request, prepared)
    await context.live.announce(transaction, request.workspaceId)
    return { ...prepared.plan, state: prepared.proposal.state, saved, warnings: prepared.warnings, findings: prepared.findings }
  })

const lockAttempts = 3

/** Others may hold a table for a moment, or wait for us while we wait for them: nothing was changed, so it is tried again. */
async function withLockRetries<T>(attempt: () => Promise<T>): Promise<T> {
  for (let n = 1; ; n++) {
    try {
      return await attempt()
    } catch (error) {
      if (n >= lockAttempts || !/^(55P03|40P01|40001)$/.test(stateOf(error))) throw error
      await new Promise((resolve) => setTimeout(resolve, 100 * n + Math.random() * 200))
    }
  }
}

/** Of the error itself, or of what it was made of. */
const stateOf = (error: unknown): string => (error instanceof AppError ? sqlState(error.cause) : sqlState(error))

/** The plan of a change that is not made. Documents left out are listed when `absent` asks for them: as deletions, or as unchanged when the push is partial. */
export async function previewChange(context: ChangeContext, request: ChangeRequest, absent: boolean): Promise<ChangeOutcome> {
  return context.db.withTransaction(async (transaction) => {
    const prepared = await prepare(context, transaction, { ...request, remove: 'none' }, absent)
    return { ...prepared.plan, state: prepared.proposal.state, saved: [], warnings: prepared.warnings, findings: prepared.findings }
  })
}

interface Prepared {
  proposal: Proposal
  tables: TableChanges
  plan: Plan
  warnings: SyntaxProblem[]
  findings: FindingJson[]
}

/** Throws one error with every problem of every document. */
async function prepare(context: ChangeContext, transaction: Transaction, request: ChangeRequest, listAbsent = false): Promise<Prepared> {
  await lockWorkspace(transaction, request.workspaceId)
  await request.before?.(transaction)
  const state = await readState(transaction, request.workspaceId, request.branch)
  request.guard?.(state)
  const proposal = propose(state, request.documents, { remove: request.remove ?? 'none', partial: request.partial === true })
  const warnings = check(context, proposal, await resolveCanonicals(transaction, proposal))
  const findings = checkSecurity(proposal, context.mode)
  const tables = planTables(proposal, request.columnRenames, request.planner)
  const absent = listAbsent
    ? proposal.entries
        .filter((entry) => entry.action === 'keep' && entry.kind !== 'workspace' && entry.kind !== 'branch')
        .flatMap((entry) => (entry.row === null ? [] : [entry.row]))
    : []
  const plan = describePlan(proposal, {
    tableOperations: (entry) => tables.operationsOf(entry),
    truncated: truncatedTables(proposal, request),
    absent,
    keepsAbsent: request.partial === true,
  })
  return { proposal, tables, plan, warnings, findings }
}

function check(context: ChangeContext, proposal: Proposal, canonical: readonly Finding[]): SyntaxProblem[] {
  const findings = [...rules.flatMap((rule) => rule(proposal)), ...canonical]
  if (findings.length > 0) throw rejection(findings)
  const problems = checkPrograms(context.compilers, proposal)
  if (hasErrors(problems)) throw syntaxError(problems)
  return problems
}

const truncatedTables = (proposal: Proposal, request: ChangeRequest): Set<string> =>
  new Set(
    request.truncate === true
      ? proposal.entries.filter((entry) => entry.kind === 'table' && entry.row !== null && entry.action !== 'keep').map((entry) => entry.name)
      : [],
  )

async function write(
  context: ChangeContext,
  transaction: Transaction,
  request: ChangeRequest,
  { proposal, tables }: Prepared,
): Promise<ChangeOutcome['saved']> {
  const author = request.author ?? ''
  const ids = new Map<Entry, number>()
  await deleteRows(transaction, proposal, tables)
  await parkNames(transaction, proposal.entries)
  for (const entry of proposal.entries) {
    const id = await writeEntry(transaction, proposal.state, entry, author)
    if (id !== null) ids.set(entry, id)
  }
  await followInOtherBranches(transaction, proposal, author)
  await applyTables(transaction, proposal, tables, {
    ids,
    passwords: context.passwords,
    vault: context.vaults(request.workspaceId),
    truncate: truncatedTables(proposal, request),
    records: request.records === true,
    ...(request.seed === undefined ? {} : { seed: request.seed }),
  })
  if (request.env === true) await writeVariables(transaction, context.cipher, proposal)
  return request.documents.flatMap((_, i) => {
    const entry = proposal.entries[i]
    const id = entry === undefined ? undefined : ids.get(entry)
    return entry === undefined || id === undefined ? [] : [{ id, guid: entry.guid, entry }]
  })
}

/** Tables go to the bin before their definition is gone. */
async function deleteRows(transaction: Transaction, proposal: Proposal, tables: TableChanges): Promise<void> {
  await tables.drop(transaction)
  await deleteDefinitions(
    transaction,
    proposal.removed.map(({ row }) => row.id),
  )
}

/** Two definitions may swap names or canonicals in one change: those that change step aside first. */
async function parkNames(transaction: Transaction, entries: readonly Entry[]): Promise<void> {
  const moving = entries.filter(
    (entry): entry is Entry & { row: DefinitionRow } => entry.row !== null && entry.action === 'update' && movesAside(entry, entry.row),
  )
  if (moving.length < 2) return
  for (const { row } of moving) await parkDefinition(transaction, row.id)
}

const movesAside = (entry: Entry, row: DefinitionRow): boolean =>
  row.name !== entry.name || row.parent !== entry.parent || row.verb !== entry.verb || row.guid !== entry.guid || row.canonical !== entry.canonical

async function writeEntry(transaction: Transaction, state: WorkspaceState, entry: Entry, author: string): Promise<number | null> {
  const { kind, name, parent, verb, guid, canonical, row, action } = entry
  if (action === 'keep') return null
  const definition = withoutPositions(entry.definition)
  if (row === null)
    return insertDefinition(
      transaction,
      { workspaceId: state.workspace.id, branchId: isSharedIn(state, kind) ? null : state.branch.id, kind, name, parent, verb, guid, canonical, definition },
      author,
    )
  if (action === 'update') await updateDefinition(transaction, row, { name, parent, verb, guid, canonical, definition }, author)
  else if (!sameLines(row.definition, definition)) await updateLines(transaction, row.id, definition)
  return row.id
}

/** Key order is Postgres' own, so the texts cannot be compared. */
const sameLines = (a: Definition, b: Definition): boolean => sameDefinition({ lines: linesOf(a) }, { lines: linesOf(b) })

function linesOf(node: unknown): number[] {
  if (Array.isArray(node)) return node.flatMap(linesOf)
  if (typeof node !== 'object' || node === null) return []
  const { line } = node as { line?: unknown }
  return [
    ...(typeof line === 'number' ? [line] : []),
    ...Object.keys(node)
      .sort()
      .flatMap((key) => linesOf((node as Record<string, unknown>)[key])),
  ]
}

/** Whether a construct of the branch belongs to all branches. */
const isSharedIn = ({ branch }: WorkspaceState, kind: string): boolean => isShared(kind) && !(kind === 'table' && branch.ownTables)

/** Tables belong to all branches but those with tables of their own, and so does their name. */
async function followInOtherBranches(transaction: Transaction, proposal: Proposal, author: string): Promise<void> {
  const shared = proposal.renames.filter(({ kind }) => isSharedIn(proposal.state, kind) && kind !== 'workspace')
  if (shared.length === 0) return
  const rows = await listDefinitions(transaction, proposal.state.workspace.id)
  const apart = new Set((await listBranches(transaction, proposal.state.workspace.id)).flatMap(({ id, ownTables }) => (ownTables ? [id] : [])))
  for (const row of rows) {
    if (row.branchId === null || row.branchId === proposal.state.branch.id) continue
    const renames = apart.has(row.branchId) ? shared.filter(({ kind }) => kind !== 'table') : shared
    const renamed = renameAll(row.definition, renames)
    if (renamed !== row.definition) await updateDefinition(transaction, row, { definition: renamed }, author)
  }
}

async function writeVariables(transaction: Transaction, cipher: EnvCipher, proposal: Proposal): Promise<void> {
  const document = proposal.entries.find((entry) => entry.kind === 'workspace' && entry.env !== null)
  if (document?.env != null) await writeEnv(transaction, cipher, proposal.state.workspace.id, envValues(document.env), false)
}
