/** Documents into a workspace: the push and its dry run. */
import { AppError } from '../../errors.js'
import type { Grammar } from '../../lang/grammar.js'
import { parseDocuments } from '../../lang/parser.js'
import { hasErrors, type SyntaxFailure, syntaxError } from '../../lang/source.js'
import { applyChange, type ChangeContext, type ChangeOutcome, type ChangeRequest, previewChange } from '../change.js'
import type { PlanOperation, PlanSummary } from '../plan.js'
import type { IncomingDocument } from '../proposal.js'
import type { FindingJson } from '../security-check.js'
import type { WorkspaceState } from '../state.js'
import { brokenOperation, listedErrors } from './broken.js'

export interface PushOptions {
  workspaceId: number
  /** Null or `""` = the live branch. */
  branch: string | null
  /** Only creates and updates what is sent. */
  partial: boolean
  /** Removes what is absent; never with `partial`. */
  delete: boolean
  env: boolean
  records: boolean
  truncate: boolean
  author?: string
  /** Workspace the documents were pulled from, for the mismatch flag. */
  sourceWorkspaceId?: number
}

export interface GuidEntry {
  type: string
  name: string
  verb?: string
  api_group?: string
  guid: string
}

export interface PushAnswer {
  guid_map: GuidEntry[]
  /** What is stored but does not run yet, and what looks like a mistake. */
  warnings?: { document: string; line: number; message: string }[]
  /** What the security rules found, with line and fix. */
  findings?: FindingJson[]
}

export interface DryRun {
  workspace_name: string
  source_workspace_mismatch: boolean
  summary: Record<string, PlanSummary>
  operations: PlanOperation[]
  /** Why the push would be refused, with place, fix and excerpt. */
  errors?: SyntaxFailure['errors']
  /** What the security rules found, with line and fix. */
  findings?: FindingJson[]
}

/** Stores the documents, all or none. Throws `syntax` with every problem, `accessDenied` when the workspace takes no pushes. */
export async function push(context: ChangeContext, text: string, options: PushOptions): Promise<PushAnswer> {
  const { saved, warnings, findings } = await applyChange(context, toRequest(context, text, options))
  return {
    guid_map: saved.map(({ guid, entry }) => ({
      type: entry.kind,
      name: entry.kind === 'workspace' || entry.kind === 'branch' ? entry.definition.name : entry.name,
      ...(entry.verb === '' ? {} : { verb: entry.verb }),
      ...(entry.kind === 'query' ? { api_group: entry.parent } : {}),
      guid,
    })),
    ...(warnings.length === 0 ? {} : { warnings: warnings.map(({ document, line, message }) => ({ document, line, message })) }),
    ...(findings.length === 0 ? {} : { findings }),
  }
}

/**
 * What the push would do. With `delete` whatever is absent is listed; a partial push keeps it, and says so.
 * Documents that a push would refuse are operations whose details begin with `exception:`; then nothing else is planned.
 */
export async function dryRun(context: ChangeContext, text: string, options: PushOptions): Promise<DryRun> {
  const { outcome, errors } = await preview(context, text, options)
  const { state, summary, operations, findings } = outcome
  return {
    workspace_name: state.workspace.name,
    source_workspace_mismatch: options.sourceWorkspaceId !== undefined && options.sourceWorkspaceId !== state.workspace.id,
    summary,
    operations: [...errors.map(brokenOperation), ...operations],
    ...(errors.length === 0 ? {} : { errors }),
    ...(findings.length === 0 ? {} : { findings }),
  }
}

async function preview(context: ChangeContext, text: string, options: PushOptions): Promise<{ outcome: ChangeOutcome; errors: SyntaxFailure['errors'] }> {
  try {
    return { outcome: await previewChange(context, toRequest(context, text, options), options.delete), errors: [] }
  } catch (error) {
    const errors = listedErrors(error)
    if (errors.length === 0) throw error
    const nothing = toRequest(context, '', { ...options, partial: true, truncate: false })
    return { outcome: await previewChange(context, nothing, options.delete), errors }
  }
}

function toRequest(context: ChangeContext, text: string, options: PushOptions): ChangeRequest {
  return {
    workspaceId: options.workspaceId,
    branch: options.branch,
    documents: readDocuments(context.compilers.registry, text),
    remove: options.delete && !options.partial ? 'absent' : 'none',
    partial: options.partial,
    env: options.env,
    records: options.records,
    truncate: options.truncate,
    author: options.author ?? '',
    guard: assertPushAllowed,
  }
}

function assertPushAllowed({ workspace }: WorkspaceState): void {
  if (!workspace.settings.allow_push)
    throw new AppError('accessDenied', 'Push is disabled', { hint: 'PUT /workspace/{id} with {"preferences": {"allow_push": true}} enables it.' })
}

/** The documents of a text. Throws `syntax` with every problem of every document. */
export function readDocuments(grammar: Grammar, text: string): IncomingDocument[] {
  const nul = text.indexOf('\0')
  if (nul >= 0) throw new AppError('input', 'The text holds a NUL character, which PostgreSQL cannot store.', { payload: { param: 'body' } })
  const { definitions, problems } = parseDocuments(text, grammar)
  if (hasErrors(problems)) throw syntaxError(problems)
  return definitions.map(({ definition, source }) => ({ definition, source }))
}
