/** Push, dry run and pull. */
import { AppError } from '../../errors.js'
import { pull } from '../../workspace/multidoc/pull.js'
import { dryRun, type PushOptions, push } from '../../workspace/multidoc/push.js'
import { type MetaCall, type MetaRoute, TextAnswer } from './route.js'

const path = '/workspace/:workspace_id/multidoc'

function pushOptions(call: MetaCall): PushOptions {
  const source = Number(call.query('source_workspace_id'))
  return {
    workspaceId: call.workspaceId,
    branch: call.branch,
    partial: call.flag('partial'),
    delete: call.flag('delete'),
    env: call.flag('env'),
    records: call.flag('records'),
    truncate: call.flag('truncate'),
    author: call.caller.name,
    ...(Number.isInteger(source) && source > 0 ? { sourceWorkspaceId: source } : {}),
  }
}

function textOf({ body }: MetaCall): string {
  if (body.kind === 'xanoscript') return body.text
  const script = body.kind === 'json' && typeof body.value === 'object' && body.value !== null ? (body.value as { xanoscript?: unknown }).xanoscript : undefined
  if (typeof script !== 'string') throw new AppError('badRequest', 'Send the documents as text/x-xanoscript.')
  return script
}

export const multidocRoutes: readonly MetaRoute[] = [
  {
    method: 'GET',
    path,
    area: 'workspace',
    action: 'multidoc.pull',
    // The values of variables are secrets, and rows leave as they do in an export.
    when: { env: { area: 'secret', access: 'read' }, records: { area: 'export', access: 'read' } },
    async handle(call) {
      let rows = 0
      const text = await pull(call.deps.db, call.deps.cipher, {
        workspaceId: call.workspaceId,
        branch: call.branch,
        env: call.flag('env'),
        records: call.flag('records'),
        onRows(count) {
          rows += count
        },
      })
      if (call.flag('records')) {
        call.note({ data: { rows } })
        call.deps.observe?.({ kind: 'content_exported', actor: call.caller.name, workspaceId: call.workspaceId, table: '*', rows })
      }
      return new TextAnswer(text)
    },
  },
  { method: 'POST', path, area: 'workspace', action: 'multidoc.push', handle: async (call) => push(call.deps, textOf(call), pushOptions(call)) },
  { method: 'POST', path: `${path}/dry-run`, area: 'workspace', unrecorded: true, handle: async (call) => dryRun(call.deps, textOf(call), pushOptions(call)) },
]
