/** `stackhold export`: everything of a workspace in files that need no Stackhold to be read. */
import { createWriteStream } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { AppError } from '../errors.js'
import { type PullOptions, pullCommand } from './pull.js'
import type { RemoteOptions } from './remote.js'

export async function exportCommand(directory: string, options: PullOptions): Promise<void> {
  await mkdir(directory, { recursive: true })
  await pullCommand(join(directory, 'xanoscript'), options)
  await saveSql(options, join(directory, 'data.sql'))
  await writeFile(join(directory, 'README.md'), readme(options))
  process.stdout.write(`Wrote data.sql and README.md to ${directory}.\n`)
}

/** Streams the dump; a dump that breaks off is an error. */
async function saveSql({ url, token, workspace }: RemoteOptions, path: string): Promise<void> {
  const response = await fetch(`${url.replace(/\/+$/, '')}/api:meta/workspace/${workspace}/export/sql`, {
    headers: { authorization: `Bearer ${token}` },
    redirect: 'error',
  })
  if (!response.ok || response.body === null)
    throw new AppError('fatal', `${response.status} ${(await response.text()).slice(0, 500)}`, { hint: 'The token needs the scope "export".' })
  await pipeline(Readable.fromWeb(response.body as Parameters<typeof Readable.fromWeb>[0]), createWriteStream(path, { mode: 0o600 }))
}

const readme = ({ workspace }: RemoteOptions): string => `# Workspace ${workspace}

| What | Where |
|---|---|
| Definitions: tables, endpoints, functions … | \`xanoscript/\`, one file each; plain text |
| Rows of every table and data source | \`data.sql\`; plain SQL for PostgreSQL 14 and later |

Restore the rows into an empty database, without Stackhold:

    createdb restored
    psql --set ON_ERROR_STOP=1 --file data.sql restored

Each data source is a schema (\`ws_${workspace}_live\`; \`ws_${workspace}b7_live\` for a branch with tables of its own), each table a table, each column a
column. Rules of tables are row level security, for a role that data.sql makes; without the right to make roles, those tables can be
read by their owner alone. Encrypted columns stay encrypted: they open with the master secret of the server. Password columns hold argon2id hashes in
PHC format when the token of the export had the scope \`*\`; otherwise they are empty. Keep \`data.sql\` as safe as the database itself.

Bring it to another Stackhold: \`stackhold push xanoscript\`, then load the rows with psql into its database, or table by table as CSV.
`
