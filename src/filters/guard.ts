/** The edge between filters and libraries: whatever a library throws becomes an error of the program. */
import { AppError, fatal } from '../errors.js'

/** Runs `action`; an error that is not an AppError becomes `fatal`, naming the filter. */
export function guard<T>(filter: string, action: () => T): T {
  try {
    return action()
  } catch (error) {
    if (error instanceof AppError) throw error
    const message =
      error instanceof RangeError && /call stack/.test(error.message)
        ? 'The value is nested too deeply.'
        : error instanceof Error
          ? error.message
          : 'It failed.'
    throw fatal(`Filter "${filter}": ${message}`, { cause: error })
  }
}
