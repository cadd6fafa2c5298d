/** What a change did to definitions, read inside its own transaction: for the audit log. */
import { sql } from 'kysely'
import type { Queryable } from '../db/client.js'
import { publicReasonOf, readQuery } from '../definitions/query.js'
import type { Definition } from '../lang/tree.js'
import { exceptionsOf } from './rules/security/exceptions.js'
import type { WorkspaceSnapshot } from './snapshot.js'

export interface ChangedObject {
  /** `query blog/post/{id} GET`. */
  object: string
  /** SHA-256 (hex) of the definition; null when there was none, or is none any more. */
  before: string | null
  after: string | null
}

export interface ChangeTrail {
  objects: ChangedObject[]
  /** Endpoints that answer without a token now and did not before; an empty reason is none. */
  opened: { object: string; reason: string }[]
  /** Findings that are accepted now and were not before. */
  accepted: { object: string; rule: string; reason: string }[]
}

interface VersionRow {
  kind: string
  parent: string
  name: string
  verb: string
  before_digest: string | null
  after_digest: string
  before: Definition | null
  after: Definition | null
}

/** Versions written by this very transaction: `now()` is the instant it began. */
const versions = (workspaceId: number) => sql<VersionRow>`
  select d.kind, d.parent, d.name, d.verb,
    encode(sha256(convert_to(p.definition::text, 'UTF8')), 'hex') as before_digest,
    encode(sha256(convert_to(v.definition::text, 'UTF8')), 'hex') as after_digest,
    case when d.kind = 'query' or v.definition::text like '%security_exceptions%' then p.definition end as before,
    case when d.kind = 'query' or v.definition::text like '%security_exceptions%' then v.definition end as after
  from stackhold.definition_version v
  join stackhold.definition d on d.id = v.definition_id
  left join stackhold.definition_version p on p.definition_id = v.definition_id and p.version = v.version - 1
  where d.workspace_id = ${workspaceId} and v.created_at = now() and d.version = v.version
  order by d.id`

export async function readChangeTrail(transaction: Queryable, workspaceId: number, before: WorkspaceSnapshot | undefined): Promise<ChangeTrail> {
  const { rows } = await versions(workspaceId).execute(transaction.kysely)
  const kept = await transaction.kysely.selectFrom('definition').select('id').where('workspace_id', '=', workspaceId).execute()
  const removed = removedObjects(before, new Set(kept.map(({ id }) => id)))
  return {
    objects: [...rows.map((row) => ({ object: objectName(row), before: row.before_digest, after: row.after_digest })), ...removed],
    opened: rows.flatMap((row) => openedBy(row)),
    accepted: rows.flatMap((row) => acceptedBy(row)),
  }
}

const objectName = ({ kind, parent, name, verb }: { kind: string; parent: string; name: string; verb?: string }): string =>
  [kind, parent === '' ? name : `${parent}/${name}`, verb ?? ''].filter((part) => part !== '').join(' ')

/** What served until now and is stored no more. */
function removedObjects(before: WorkspaceSnapshot | undefined, kept: ReadonlySet<number>): ChangedObject[] {
  const gone = new Map<number, ChangedObject>()
  for (const branch of before?.branches.values() ?? [])
    for (const stored of branch.definitions)
      if (!kept.has(stored.id)) gone.set(stored.id, { object: objectName({ ...stored, verb: verbOf(stored.definition) }), before: null, after: null })
  return [...gone.values()]
}

const verbOf = (definition: Definition): string => (definition.kind === 'query' ? readQuery(definition).query.verb : '')

function openedBy(row: VersionRow): ChangeTrail['opened'] {
  if (row.kind !== 'query' || row.after === null) return []
  const isOpen = (definition: Definition | null): boolean => definition !== null && readQuery(definition).query.auth === null
  const reason = publicReasonOf(row.after) ?? ''
  if (!isOpen(row.after) || (isOpen(row.before) && row.before !== null && (publicReasonOf(row.before) ?? '') === reason)) return []
  return [{ object: objectName(row), reason }]
}

function acceptedBy(row: VersionRow): ChangeTrail['accepted'] {
  if (row.after === null) return []
  const known = row.before === null ? new Map<string, string>() : exceptionsOf(row.before)
  return [...exceptionsOf(row.after)]
    .filter(([rule, reason]) => known.get(rule) !== reason)
    .map(([rule, reason]) => ({ object: objectName(row), rule, reason }))
}
