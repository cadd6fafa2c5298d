/** The roots of paths that are not variables: `$input`, `$auth`, `$env`, `$error`. */
import { fatal } from '../errors.js'
import type { Value } from '../lib/value.js'
import type { Evaluate, Frame } from './frame.js'
import { ThrownError } from './thrown.js'

/** `$input.name`; the whole object for null. */
export function readInput(name: string | null, nullSafe: boolean): Evaluate {
  if (name === null) return (frame) => frame.input
  return (frame) => {
    const value = frame.input.get(name)
    if (value !== undefined) return value
    if (nullSafe) return null
    throw fatal(`Unable to locate input: ${name}`, { hint: 'Declare it in the input block.' })
  }
}

/** `$auth` as an object. */
export const readAuth: Evaluate = ({ run }) =>
  new Map<string, Value>([
    ['id', run.caller.id],
    ['extras', run.caller.extras],
    ['table', run.caller.table],
  ])

/** `$auth.id`, `$auth.extras`. */
export function readAuthMember(name: string): Evaluate {
  if (name === 'id') return (frame) => frame.run.caller.id
  if (name === 'extras') return (frame) => frame.run.caller.extras
  return name === 'table' ? (frame) => frame.run.caller.table : () => null
}

const systemVariables: Record<string, (frame: Frame) => Value> = {
  $remote_ip: ({ run }) => run.request.remoteIp,
  $http_headers: ({ run }) => run.request.headers,
  $request_uri: ({ run }) => run.request.uri,
  $request_method: ({ run }) => run.request.method,
  $request_querystring: ({ run }) => run.request.querystring,
  $request_auth_token: ({ run }) => run.request.authToken,
  $datasource: ({ run }) => run.records.datasource,
  $branch: ({ run }) => run.request.branch,
  $tenant: () => '',
  $api_baseurl: ({ run }) => run.request.apiBaseUrl,
  $release: () => '',
  $platform: () => 'stackhold',
  $debugger: ({ run }) => run.request.debugger,
}

/** `$env.NAME`, `$env.$remote_ip`; missing is null. */
export function readEnvironment(name: string): Evaluate {
  const system = Object.hasOwn(systemVariables, name) ? systemVariables[name] : undefined
  return system ?? ((frame) => frame.run.env.get(name) ?? null)
}

/** The system variables alone, `$remote_ip` and so on. */
export const readSystemEnvironment = (frame: Frame): Map<string, Value> => new Map(Object.entries(systemVariables).map(([name, read]) => [name, read(frame)]))

/** All workspace variables, without the system ones. */
export const readWholeEnvironment: Evaluate = (frame) => frame.run.env

/** `$error` as an object: code, message, name, result; null outside an error. */
export const readError: Evaluate = ({ error }) => {
  if (error === null) return null
  const thrown = error instanceof ThrownError
  return new Map<string, Value>([
    ['code', error.code],
    ['message', thrown ? 'Throw Error Statement' : error.message],
    ['name', error.errorName],
    ['result', thrown ? error.thrown : ((error.result ?? null) as Value)],
  ])
}
