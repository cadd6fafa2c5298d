/** `stackhold audit-log`: lists what administrators did, and checks that nobody touched the record. */
import type { AuditVerdict } from '../services/audit-verify.js'
import { callRemote, type RemoteOptions } from './remote.js'

export interface VerifyOptions extends RemoteOptions {
  /** `id:hash` of an earlier check. */
  expect?: string
}

/** Exits with 1 when the log was tampered with. */
export async function verifyAuditLogCommand(options: VerifyOptions): Promise<void> {
  const verdict = JSON.parse(
    await callRemote(options, { method: 'GET', path: '/audit_log/verify', instance: true, query: { expect: options.expect } }),
  ) as AuditVerdict
  const lines = [...verdict.problems.map(({ id, message }) => `entry ${id}: ${message}`), ...verdict.notes]
  const cut = verdict.cut === null ? '' : `Older entries, up to ${verdict.cut.id}, were removed ${new Date(verdict.cut.at).toISOString()}.`
  const head = verdict.head === null ? '' : `Keep this elsewhere and pass it to --expect next time: ${verdict.head.id}:${verdict.head.hash}`
  const total = verdict.ok
    ? `The audit log is whole: ${verdict.entries} entries.`
    : `The audit log was TAMPERED WITH: ${verdict.problems.length} problems in ${verdict.entries} entries.`
  process.stdout.write(`${[...lines, total, cut, head].filter((line) => line !== '').join('\n')}\n`)
  if (!verdict.ok) process.exitCode = 1
}

export interface ListOptions extends RemoteOptions {
  limit: number
  search?: string
}

interface ListedEntry {
  id: number
  created_at: string
  user: string
  ip: string
  action: string
  object: string
}

export async function listAuditLogCommand(options: ListOptions): Promise<void> {
  const text = await callRemote(options, {
    method: 'GET',
    path: '/audit_log',
    instance: true,
    query: { per_page: String(options.limit), search: options.search },
  })
  const { items } = JSON.parse(text) as { items: ListedEntry[] }
  for (const { id, created_at, user, ip, action, object } of items) process.stdout.write(`${id}\t${created_at}\t${user}\t${ip}\t${action}\t${object}\n`)
}
