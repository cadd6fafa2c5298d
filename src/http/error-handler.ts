/** Every error becomes `{code, message, payload}`; production says no more than its builder did. */
import { AppError, errorTable } from '../errors.js'
import { fromPlain } from '../lib/value.js'
import { stringify } from '../runtime/serialize.js'
import { ThrownError } from '../runtime/thrown.js'
import { type Answer, jsonAnswer } from './respond.js'

/** Turns whatever was thrown into an AppError. What we did not throw ourselves says nothing of itself. */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error
  const status = statusOf(error)
  if (status === 413) return new AppError('payloadTooLarge', undefined, { cause: error })
  if (status === 415) return new AppError('unsupportedMediaType', undefined, { cause: error })
  if (status === 414) return new AppError('badRequest', 'The URL is too long.', { status: 414, cause: error })
  if (status === 503) return new AppError('unavailable', 'The request took too long.', { cause: error })
  if (status >= 400 && status < 500) return new AppError('badRequest', undefined, { cause: error })
  return new AppError('fatal', undefined, { cause: error, detail: error instanceof Error ? error.message : String(error) })
}

const statusOf = (error: unknown): number => {
  const status = typeof error === 'object' && error !== null && 'statusCode' in error ? error.statusCode : undefined
  return typeof status === 'number' ? status : 500
}

/** A failure of the engine, of SQL or of JavaScript describes the inside; a precondition speaks to the caller. */
const isPublic = (error: AppError): boolean => error.kind !== 'fatal' || error instanceof ThrownError || error.position?.statement === 'precondition'

/** Names a builder gives with `throw` are part of the answer; the engine's own are not. */
function toBody(error: AppError, mode: 'production' | 'development'): string {
  if (mode === 'production') {
    const body = isPublic(error)
      ? { code: error.code, message: error.message, payload: error.payload }
      : { code: errorTable.fatal.code, message: errorTable.fatal.message, payload: '' }
    return stringify(fromPlain(body))
  }
  const { code, message, payload, hint, position, detail, value } = error
  // `fromPlain` leaves out what is undefined.
  return stringify(fromPlain({ code, message, payload, hint, position, detail, value }))
}

/** The answer to an error. `extra` are the headers of the request's group, so that a browser may read the refusal. */
export function toErrorAnswer(error: AppError, mode: 'production' | 'development', shared: readonly string[], extra: readonly string[]): Answer {
  const own = new Map(Object.entries(error.headers).map(([name, value]) => [name.toLowerCase(), value]))
  if (error.status === 503 || error.status === 429) own.set('retry-after', own.get('retry-after') ?? '1')
  const flat = [...own].flat()
  return jsonAnswer(error.status, toBody(error, mode), shared, flat.length === 0 ? extra : [...extra, ...flat])
}
