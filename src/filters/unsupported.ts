/** What a filter answers that is accepted in programs but does not run. */
import { AppError } from '../errors.js'

/** Always throws. */
export function unsupported(what: string, hint: string): never {
  throw new AppError('unsupported', `not supported yet: ${what}`, { hint })
}
