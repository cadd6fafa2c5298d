/** `stackhold push`: the .xs files of a path, as one push. */
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError } from '../errors.js'
import { type Checked, describeFindings } from './findings.js'
import { callRemote, describeProblem, type RemoteOptions, type RemoteProblem } from './remote.js'

export interface PushOptions extends RemoteOptions {
  dryRun?: boolean
  delete?: boolean
  env?: boolean
  records?: boolean
}

export async function pushCommand(path: string, options: PushOptions): Promise<void> {
  const files = await findFiles(path)
  if (files.length === 0) throw new AppError('fatal', `There are no .xs files in ${path}.`, { hint: 'Name a file or a directory of .xs files.' })
  const documents = await Promise.all(files.map((file) => readFile(file, 'utf8')))
  const text = await callRemote(options, {
    method: 'POST',
    path: options.dryRun === true ? '/multidoc/dry-run' : '/multidoc',
    query: { partial: options.delete !== true, delete: options.delete, env: options.env, records: options.records },
    body: documents.map((document) => document.trimEnd()).join('\n---\n'),
    contentType: 'text/x-xanoscript',
  })
  process.stdout.write(options.dryRun === true ? describePlan(text) : describePush(text))
}

async function findFiles(path: string): Promise<string[]> {
  const found = await stat(path).catch(() => {
    throw new AppError('fatal', `${path} does not exist.`, { hint: 'Name a file or a directory.' })
  })
  if (found.isFile()) return [path]
  const names = await readdir(path, { recursive: true })
  return names
    .filter((name) => name.endsWith('.xs'))
    .sort()
    .map((name) => join(path, name))
}

function describePush(text: string): string {
  const answer = JSON.parse(text) as Checked & { guid_map: unknown[] }
  return `${describeFindings(answer)}Pushed ${count(answer.guid_map.length)}.\n`
}

interface Operation {
  action: string
  type: string
  name: string
  details?: string
}

/** Throws AppError `fatal` with every problem when the push would be refused. */
function describePlan(text: string): string {
  const { operations, errors = [], ...checked } = JSON.parse(text) as Checked & { operations: Operation[]; errors?: RemoteProblem[] }
  if (errors.length > 0)
    throw new AppError('fatal', ['This push would be refused.', ...errors.map(describeProblem)].join('\n'), { hint: 'Nothing was changed.' })
  const changes = operations.filter((operation) => operation.action !== 'unchanged')
  const lines = changes.map(({ action, type, name, details }) => `${action} ${type} ${name}${details ? `: ${details}` : ''}`)
  return `${describeFindings(checked)}${[...lines, changes.length === 0 ? 'Nothing would change.' : `${count(changes.length, 'change')} planned; nothing was changed.`].join('\n')}\n`
}

const count = (n: number, what = 'document'): string => `${n} ${what}${n === 1 ? '' : 's'}`
