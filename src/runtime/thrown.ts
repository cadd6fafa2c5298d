/** The errors that programs raise themselves. */
import { AppError, type AppErrorOptions, type ErrorKind } from '../errors.js'
import type { Value } from '../lib/value.js'

/** Raised by a `throw` statement: in `catch` its value is `$error.result`. */
export class ThrownError extends AppError {
  readonly thrown: Value

  constructor(kind: ErrorKind, message: string, thrown: Value, options: AppErrorOptions) {
    super(kind, message, options)
    this.thrown = thrown
  }
}

/** Ends a run at once: `try_catch` lets it pass (used-up budgets, `debug.stop`). */
export const endsRun = (error: AppError): boolean => error.errorName === 'LimitError' || error.errorName === 'DebugStop'

/** Error types of `precondition` and `throw`, and the codes they stand for. */
const errorTypes: Record<string, ErrorKind> = {
  standard: 'fatal',
  servererror: 'fatal',
  notfound: 'notFound',
  accessdenied: 'accessDenied',
  toomanyrequests: 'tooManyRequests',
  unauthorized: 'unauthorized',
  badrequest: 'badRequest',
  inputerror: 'input',
  ERROR_FATAL: 'fatal',
  ERROR_CODE_NOT_FOUND: 'notFound',
  ERROR_CODE_ACCESS_DENIED: 'accessDenied',
  ERROR_CODE_TOO_MANY_REQUESTS: 'tooManyRequests',
  ERROR_CODE_UNAUTHORIZED: 'unauthorized',
  ERROR_CODE_BAD_REQUEST: 'badRequest',
  ERROR_CODE_INPUT_ERROR: 'input',
}

/** The kind of error a name stands for (`notfound`, `ERROR_CODE_NOT_FOUND` …); undefined for a name of the builder's own. */
export const errorKind = (name: string): ErrorKind | undefined => (Object.hasOwn(errorTypes, name) ? errorTypes[name] : undefined)
