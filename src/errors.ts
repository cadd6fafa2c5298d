/** The one error class and the one table of every error this server answers. */

/** Error codes as clients see them, with HTTP status, default message and what the reader can do about it. */
export const errorTable = {
  fatal: { code: 'ERROR_FATAL', status: 500, message: 'Something went wrong.', hint: 'Read the request history or the server log for the cause.' },
  input: { code: 'ERROR_CODE_INPUT_ERROR', status: 400, message: 'Invalid input.', hint: 'Correct the input named in payload.param.' },
  badRequest: { code: 'ERROR_CODE_BAD_REQUEST', status: 400, message: 'Bad request.', hint: 'Correct the request.' },
  syntax: { code: 'ERROR_CODE_SYNTAX_ERROR', status: 400, message: 'Syntax error.', hint: 'Correct the XanoScript at the positions in payload.errors.' },
  unauthorized: { code: 'ERROR_CODE_UNAUTHORIZED', status: 401, message: 'Unauthorized', hint: 'Send a valid token as "Authorization: Bearer <token>".' },
  accessDenied: { code: 'ERROR_CODE_ACCESS_DENIED', status: 403, message: 'Access Denied.', hint: 'The caller lacks the permission for this.' },
  notFound: { code: 'ERROR_CODE_NOT_FOUND', status: 404, message: 'Not Found.', hint: 'Check the path and the id.' },
  conflict: { code: 'ERROR_CODE_CONFLICT', status: 409, message: 'Conflict.', hint: 'Another definition already uses this name or path.' },
  payloadTooLarge: { code: 'ERROR_CODE_BAD_REQUEST', status: 413, message: 'The request body is too large.', hint: 'Send a smaller body.' },
  unsupportedMediaType: {
    code: 'ERROR_CODE_BAD_REQUEST',
    status: 415,
    message: 'Unsupported Content-Type.',
    hint: 'Send application/json, a form or multipart/form-data.',
  },
  tooManyRequests: { code: 'ERROR_CODE_TOO_MANY_REQUESTS', status: 429, message: 'Too many requests.', hint: 'Wait for the seconds named in Retry-After.' },
  unsupported: { code: 'ERROR_CODE_NOT_SUPPORTED', status: 501, message: 'Not supported yet.', hint: 'This construct is stored but does not run yet.' },
  unavailable: {
    code: 'ERROR_CODE_UNAVAILABLE',
    status: 503,
    message: 'The database is not reachable.',
    hint: 'Try again after the seconds named in Retry-After.',
  },
} as const satisfies Record<string, { code: string; status: number; message: string; hint: string }>

export type ErrorKind = keyof typeof errorTable

/** Where in a builder's program an error happened. `line` counts from 1. */
export interface ProgramPosition {
  /** For example `function "math/double"`. */
  document: string
  line?: number
  statement?: string
}

export interface AppErrorOptions {
  /** What the client sees as `payload`; `""` when absent. JSON-serialisable. */
  payload?: unknown
  /** Replaces the table's code, as `throw { name }` does. */
  code?: string
  status?: number
  hint?: string
  /** For logs and development mode only, never sent in production. */
  detail?: string
  /** The value that offended, as plain data; development mode only. */
  value?: unknown
  cause?: unknown
  position?: ProgramPosition
  headers?: Record<string, string>
  /** `$error.name` in a catch block; the code when absent. */
  name?: string
  /** `$error.result` in a catch block: the value of a `throw` statement. */
  result?: unknown
}

/** The only error thrown on purpose. Its public face is `{code, message, payload}`. */
export class AppError extends Error {
  readonly kind: ErrorKind
  readonly code: string
  readonly status: number
  readonly hint: string
  readonly payload: unknown
  detail: string | undefined
  /** The value that offended; undefined when none did. See runtime/blame.ts. */
  value: unknown
  readonly headers: Record<string, string>
  readonly errorName: string
  readonly result: unknown
  /** Filled once, by the innermost statement that saw the error pass. */
  position: ProgramPosition | undefined

  constructor(kind: ErrorKind, message?: string, options: AppErrorOptions = {}) {
    const entry = errorTable[kind]
    super(message ?? entry.message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'AppError'
    this.kind = kind
    this.code = options.code ?? entry.code
    this.status = options.status ?? entry.status
    this.hint = options.hint ?? entry.hint
    this.payload = options.payload ?? ''
    this.detail = options.detail
    this.value = options.value
    this.headers = options.headers ?? {}
    this.errorName = options.name ?? this.code
    this.result = options.result ?? null
    this.position = options.position
  }
}

/** An input error naming its parameter, as every client expects it. */
export const inputError = (param: string, message: string): AppError => new AppError('input', message, { payload: { param } })
/** A runtime failure of a program: 500 ERROR_FATAL with a message the builder can act on. */
export const fatal = (message: string, options?: AppErrorOptions): AppError => new AppError('fatal', message, options)
