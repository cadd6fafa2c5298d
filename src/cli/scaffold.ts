/** `stackhold scaffold`: ready-made endpoints for a table. */
import { AppError } from '../errors.js'
import { callRemote, type RemoteOptions } from './remote.js'

export interface ScaffoldOptions extends RemoteOptions {
  table: string
  group: string
  auth?: string
}

export async function scaffoldCommand(kind: string, options: ScaffoldOptions): Promise<void> {
  if (kind !== 'auth' && kind !== 'crud') throw new AppError('fatal', `There is no scaffold "${kind}".`, { hint: 'Use auth or crud.' })
  const text = await callRemote(options, {
    method: 'POST',
    path: '/scaffold',
    body: JSON.stringify({ kind, table: options.table, api_group: options.group, ...(options.auth === undefined ? {} : { auth: options.auth }) }),
    contentType: 'application/json',
  })
  const { created } = JSON.parse(text) as { created: { type: string; name: string; verb?: string }[] }
  for (const { type, name, verb } of created) process.stdout.write(`created ${type} ${verb === undefined ? '' : `${verb} `}${name}\n`)
}
