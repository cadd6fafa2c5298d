/** `stackhold scaffold`: ready-made endpoints for a table. */
import { AppError } from '../errors.js'
import { scaffoldKinds } from '../workspace/scaffold.js'
import { type Checked, describeFindings } from './findings.js'
import { callRemote, type RemoteOptions } from './remote.js'

export interface ScaffoldOptions extends RemoteOptions {
  table: string
  group: string
  auth?: string
  roles?: Record<string, string[]>
  provider?: string
}

export async function scaffoldCommand(kind: string, options: ScaffoldOptions): Promise<void> {
  if (!(scaffoldKinds as readonly string[]).includes(kind))
    throw new AppError('fatal', `There is no scaffold "${kind}".`, { hint: `Use one of ${scaffoldKinds.join(', ')}.` })
  const text = await callRemote(options, {
    method: 'POST',
    path: '/scaffold',
    body: JSON.stringify({ kind, table: options.table, api_group: options.group, auth: options.auth, roles: options.roles, provider: options.provider }),
    contentType: 'application/json',
  })
  const { created, ...checked } = JSON.parse(text) as Checked & { created: { type: string; name: string; verb?: string }[] }
  for (const { type, name, verb } of created) process.stdout.write(`created ${type} ${verb === undefined ? '' : `${verb} `}${name}\n`)
  process.stdout.write(describeFindings(checked))
}
