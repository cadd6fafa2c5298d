/** Puts what a call of the Metadata API did into the audit log: in the transaction of the change where there is one. */
import { createHash } from 'node:crypto'
import type { Transaction } from '../../db/client.js'
import { AppError } from '../../errors.js'
import type { AuditEntry, AuditLog } from '../../services/audit-log.js'
import { readChangeTrail } from '../../workspace/change-trail.js'
import type { MetaDeps } from './deps.js'
import { type AuditNotes, accessOf, type MetaCall, type MetaRoute, permissionsOf } from './route.js'

/** Query parameters that say what was asked for; others may hold anything. */
const shownParameters = ['branch', 'partial', 'delete', 'env', 'records', 'truncate', 'format', 'columns', 'publish', 'reset'] as const
/** Objects named in one entry; the rest is counted. */
const maxObjects = 1000

/** Whether a call is written down: everything that changes something, and every read that takes rows or secrets along. */
export const isRecorded = (route: MetaRoute, call: Pick<MetaCall, 'flag'>): boolean =>
  route.unrecorded !== true && (accessOf(route) === 'write' || permissionsOf(route, call.flag).some(({ area }) => area === 'export' || area === 'secret'))

/** `function.update`, `table.schema.create`: of the path without its parameters. */
export function actionOf({ method, path, action }: MetaRoute): string {
  if (action !== undefined) return action
  const words = path
    .replace(/^\/workspace\/:workspace_id(?=\/)/, '')
    .split('/')
    .filter((part) => part !== '' && !part.startsWith(':'))
  return [...words, { GET: 'read', POST: 'create', PUT: 'update', PATCH: 'update', DELETE: 'delete' }[method]].join('.')
}

export interface CallFacts {
  route: MetaRoute
  /** Path of the request below `/api:meta`. */
  object: string
  workspaceId: number | null
  ip: string
}

/** One call on its way to its entry. */
export class AuditTrail {
  private readonly log: AuditLog
  private readonly facts: CallFacts
  private notes: AuditNotes = {}
  private written = false

  constructor(log: AuditLog, facts: CallFacts) {
    this.log = log
    this.facts = facts
  }

  note(notes: AuditNotes): void {
    this.notes = { ...this.notes, ...notes, data: { ...this.notes.data, ...notes.data } }
  }

  /** A further entry of the same call. */
  async record(call: MetaCall, action: string, data: Record<string, unknown>): Promise<void> {
    await this.log.append({ ...this.entry(call), action, before: null, after: null, data })
  }

  /** `deps` whose announcements of changes write the entry first. */
  within(deps: MetaDeps, call: () => MetaCall): MetaDeps {
    const live: MetaDeps['live'] = Object.create(deps.live, {
      announce: {
        value: async (transaction: Transaction, workspaceId: number): Promise<void> => {
          await this.writeChange(deps, call(), transaction, workspaceId)
          await deps.live.announce(transaction, workspaceId)
        },
      },
    })
    return { ...deps, live }
  }

  /** After the handler: unless the change has written its entry itself. */
  async finish(call: MetaCall, result: unknown): Promise<void> {
    if (this.written) return
    const after = this.facts.route.method === 'GET' || this.notes.after !== undefined ? {} : { after: result }
    this.note(after)
    await this.log.append(this.entry(call))
  }

  private async writeChange(deps: MetaDeps, call: MetaCall, transaction: Transaction, workspaceId: number): Promise<void> {
    const { objects, opened, accepted } = await readChangeTrail(transaction, workspaceId, deps.live.current.workspaces.get(workspaceId))
    const more = objects.length > maxObjects ? { objects_left_out: objects.length - maxObjects } : {}
    const entry = this.entry(call, workspaceId)
    await this.log.append({ ...entry, data: { ...entry.data, objects: objects.slice(0, maxObjects), ...more } }, transaction)
    for (const { object, reason } of opened)
      await this.log.append({ ...entry, action: 'endpoint.public', object, before: null, after: null, data: { reason } }, transaction)
    for (const { object, rule, reason } of accepted)
      await this.log.append({ ...entry, action: 'security.exception', object, before: null, after: null, data: { rule, reason } }, transaction)
    this.written = true
  }

  private entry(call: MetaCall, workspaceId = this.facts.workspaceId): AuditEntry {
    const { route, object, ip } = this.facts
    const digest = (value: unknown): string | null => (value === undefined || value === null ? null : this.log.digest(value))
    const query = Object.fromEntries(shownParameters.flatMap((name) => (call.query(name) === '' ? [] : [[name, call.query(name)]])))
    return {
      action: actionOf(route),
      actor: call.caller.account?.email ?? call.caller.name,
      tokenId: call.caller.id,
      accountId: call.caller.account?.id ?? null,
      ip,
      workspaceId,
      object: this.notes.object ?? object,
      before: digest(this.notes.before),
      after: digest(this.notes.after),
      data: { ...(Object.keys(query).length === 0 ? {} : { query }), ...bodyOf(call, digest), ...this.notes.data },
    }
  }
}

function bodyOf({ body }: MetaCall, digest: (value: unknown) => string | null): Record<string, unknown> {
  if (body.kind === 'json') return { body: digest(body.value) }
  return body.kind === 'xanoscript' ? { body: digest(createHash('sha256').update(body.text).digest('hex')) } : {}
}

/** The state an update or a deletion starts from, as the route's own reader shows it. */
export async function readBefore(reader: MetaRoute | undefined, call: MetaCall): Promise<unknown> {
  if (reader === undefined) return undefined
  try {
    return await reader.handle(call)
  } catch (error) {
    // What cannot be read is not there; the handler says so itself.
    if (error instanceof AppError) return undefined
    throw error
  }
}
