/** How a Metadata API endpoint describes itself, and what it sees of a request. */
import type { Readable } from 'node:stream'
import type { z } from 'zod'
import type { AdminCaller } from '../../auth/admin-tokens.js'
import type { Access, Area, Permission } from '../../auth/roles.js'
import { AppError } from '../../errors.js'
import type { MetaDeps } from './deps.js'

export interface MetaRoute {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Below `/api:meta`, in the router's spelling: `/workspace/:workspace_id/branch`. */
  path: string
  /** What a token must allow; reading for GET, writing for the rest unless `access` says so. */
  area: Area
  access?: Access
  /** What a query parameter asks for besides, when it is on: `env=true` wants to read secrets. */
  when?: Readonly<Record<string, Permission>>
  /** Answers without a token: the login. */
  open?: true
  /** Name in the audit log; made of the path when absent. */
  action?: string
  /** Changes nothing although its method says so: not in the audit log. */
  unrecorded?: true
  /** Answers a secret that is shown once: no repetition gets it again. */
  answersSecret?: true
  /** The answer as JSON; a {@link TextAnswer} is sent as it is. */
  handle(call: MetaCall): Promise<unknown>
  /** The body is handed on as a stream of any type. */
  streams?: true
}

export type { Area } from '../../auth/roles.js'

export const accessOf = ({ access, method }: MetaRoute): Access => access ?? (method === 'GET' ? 'read' : 'write')

/** Everything a call needs: the route's own permission, and those of the parameters that are on. */
export const permissionsOf = (route: MetaRoute, flag: (name: string) => boolean): Permission[] => [
  { area: route.area, access: accessOf(route) },
  ...Object.entries(route.when ?? {}).flatMap(([name, permission]) => (flag(name) ? [permission] : [])),
]

/** A body that is sent as it comes. */
export class StreamAnswer {
  readonly stream: Readable
  readonly type: string
  readonly filename: string
  constructor(stream: Readable, type: string, filename: string) {
    this.stream = stream
    this.type = type
    this.filename = filename
  }
}

/** Work that goes on after the answer: 202. */
export class AcceptedAnswer {
  readonly body: unknown
  constructor(body: unknown) {
    this.body = body
  }
}

/** A body of text; XanoScript when nothing else is said. */
export class TextAnswer {
  readonly text: string
  readonly type: string
  constructor(text: string, type = 'text/x-xanoscript') {
    this.text = text
    this.type = type
  }
}

/** What came as a body: text of XanoScript, JSON, or bytes not read yet. */
export type MetaBody =
  | { kind: 'none' }
  | { kind: 'stream'; stream: Readable; type: string; length: number | null }
  | { kind: 'xanoscript'; text: string }
  | { kind: 'json'; value: unknown }

/** What a handler knows of its change better than its route does, for the audit log. */
export interface AuditNotes {
  object?: string
  before?: unknown
  after?: unknown
  data?: Record<string, unknown>
}

export interface MetaCall {
  readonly deps: MetaDeps
  readonly caller: AdminCaller
  /** Address of the caller. */
  readonly ip: string
  readonly body: MetaBody
  /** Name of the data source from `x-data-source`; `live` when absent. */
  readonly datasource: string
  /** Decoded path parameter. */
  param(name: string): string
  /** Path parameter that is an id. Throws `input`. */
  id(name: string): number
  /** Id of the workspace in the path. */
  readonly workspaceId: number
  /** Query parameter; `""` when absent. */
  query(name: string): string
  /** `true`, `1` and the bare name. */
  flag(name: string): boolean
  /** Branch label of the query; null = live. */
  readonly branch: string | null
  /** JSON body checked against a schema. Throws `input` naming the member. */
  json<T>(schema: z.ZodType<T>): T
  /** Adds to this call's entry in the audit log. */
  note(notes: AuditNotes): void
  /** Writes an entry of its own, for what happens after the answer has begun. */
  record(action: string, data: Record<string, unknown>): Promise<void>
}

/** Throws `input` for the first problem zod found. */
export function checked<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const issue = result.error.issues[0]
  const param = issue?.path.join('.') ?? ''
  const missing = issue?.code === 'invalid_type' && /received undefined/.test(issue.message)
  throw new AppError(
    'input',
    missing && param !== '' ? `Missing param: ${param}` : `${param === '' ? 'The body' : `"${param}"`}: ${issue?.message ?? 'is not valid'}`,
    { payload: { param } },
  )
}
