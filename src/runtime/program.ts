/** A function stack, compiled: immutable, reentrant, shared by all requests. */
import type { Value } from '../lib/value.js'
import type { Run } from './frame.js'

export interface Program {
  /** For errors and traces: `function "math/double"`, `query "user/{id}" GET`. */
  readonly document: string
  /** Names of inputs whose values are masked in history. */
  readonly sensitiveInputs: ReadonlySet<string>
  /**
   * Validates `rawInput` (received values by input name, see runtime.md §2), runs the stack and evaluates the response.
   * Errors: AppError `input` for the first bad input; whatever the stack throws, with its position filled in.
   */
  run(run: Run, rawInput: ReadonlyMap<string, Value>, depth?: number): Promise<Value>
  /**
   * As {@link run}, for who does nothing with the result but `stringify` it: parts of it may be RawJson, which nothing else can read. A stack
   * that waits for nothing answers, or throws, at once.
   */
  answer(run: Run, rawInput: ReadonlyMap<string, Value>): Value | Promise<Value>
}
