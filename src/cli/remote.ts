/** Calls the Metadata API of a running server. */
import { AppError } from '../errors.js'

export interface RemoteOptions {
  url: string
  token: string
  workspace: number
  branch?: string
}

export interface RemoteCall {
  method: 'GET' | 'POST'
  /** Below the workspace: `/multidoc`. */
  path: string
  /** The path is below `/api:meta` itself. */
  instance?: boolean
  query?: Record<string, string | boolean | undefined>
  body?: string
  contentType?: string
  headers?: Record<string, string>
}

/** The text of the answer. Throws AppError `fatal` with the server's own message and the problems it lists. */
export async function callRemote(
  options: RemoteOptions,
  { method, path, instance = false, query = {}, body, contentType, headers = {} }: RemoteCall,
): Promise<string> {
  const url = new URL(`${options.url.replace(/\/+$/, '')}/api:meta${instance ? '' : `/workspace/${options.workspace}`}${path}`)
  const parameters: NonNullable<RemoteCall['query']> = { branch: options.branch, ...query }
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined && value !== false) url.searchParams.set(name, String(value))
  const response = await fetch(url, {
    method,
    headers: { ...headers, authorization: `Bearer ${options.token}`, ...(contentType === undefined ? {} : { 'content-type': contentType }) },
    ...(body === undefined ? {} : { body }),
    redirect: 'error',
  }).catch((cause: unknown) => {
    throw new AppError('fatal', `No answer from ${options.url}.`, { cause, hint: 'Is the server running? Start it with: stackhold start' })
  })
  const text = await response.text()
  if (!response.ok)
    throw new AppError('fatal', describe(response.status, text), {
      hint: response.status === 401 ? 'Pass an admin token: --token, or STACKHOLD_TOKEN.' : 'Nothing was changed.',
    })
  return text
}

export interface RemoteProblem {
  document?: string
  line?: number
  column?: number
  message?: string
  hint?: string
  excerpt?: string
}

/** The message and every problem with its place. */
function describe(status: number, text: string): string {
  try {
    const { message, payload } = JSON.parse(text) as { message?: string; payload?: { errors?: RemoteProblem[] } | string }
    const problems = typeof payload === 'object' ? (payload.errors ?? []) : []
    return [`${status} ${message ?? ''}`, ...problems.map(describeProblem)].join('\n')
  } catch {
    return `${status} ${text.slice(0, 500)}`
  }
}

/** Place, message, excerpt and fix. */
export const describeProblem = ({ document, line, column, message, hint, excerpt }: RemoteProblem): string =>
  [`${document ?? ''}${line === undefined ? '' : `:${line}:${column ?? 1}`} ${message ?? ''}`, excerpt, hint]
    .filter((text) => text !== undefined && text !== '')
    .join('\n  ')
