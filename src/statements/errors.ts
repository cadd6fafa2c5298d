/** Catching errors. */
import { AppError } from '../errors.js'
import { locate } from '../runtime/compile-block.js'
import type { Body, StatementSpec } from '../runtime/define.js'
import type { Completion, Frame } from '../runtime/frame.js'
import { endsRun } from '../runtime/thrown.js'

interface Parts {
  attempt: Body
  handler: Body | null
  last: Body
}

const tryCatch: StatementSpec = {
  name: 'try_catch',
  group: 'control',
  summary: 'Runs `try`; an error goes to `catch` as `$error`; `finally` runs in any case.',
  blocks: {
    try: { summary: 'The statements that may fail.', required: true },
    catch: { summary: 'Runs on an error; `$error` has code, message, name and result.', caught: true },
    finally: { summary: 'Always runs, also after a return.', caught: true },
  },
  examples: ['try_catch {\n  try {\n    throw {\n      name = "a"\n      value = 1\n    }\n  }\n  catch {\n    debug.log { value = $error.message }\n  }\n}'],
  compile(step) {
    const parts: Parts = { attempt: step.body('try'), handler: step.bodies('catch')[0]?.body ?? null, last: step.body('finally') }
    const waits = parts.attempt.async || parts.handler?.async === true || parts.last.async
    return waits ? { async: true, run: (frame) => runAsync(frame, parts) } : { async: false, run: (frame) => runSync(frame, parts) }
  },
}

/** The error for `catch`, or rethrown when nothing may catch it. */
function caught(error: unknown, handler: Body | null): AppError {
  const known = error instanceof AppError ? error : locate(error, undefined)
  if (handler === null || endsRun(known)) throw known
  return known
}

/** Bodies in here are known to be synchronous. */
function runSync(frame: Frame, { attempt, handler, last }: Parts): Completion {
  const outer = frame.error
  const run = (body: Body): Completion => body.run(frame) as Completion
  let completion: Completion
  try {
    try {
      completion = run(attempt)
    } catch (error) {
      frame.error = caught(error, handler)
      completion = handler ? run(handler) : undefined
    }
  } finally {
    // A return in `finally` wins over one in `try`; an error stays an error.
    const returned = frame.returned
    const over = run(last)
    if (over === undefined) frame.returned = returned
    else completion = over
    frame.error = outer
  }
  return completion
}

/** Postgres gives a transaction up with its first failed statement; one that is caught must leave it usable. */
function attempted(frame: Frame, attempt: Body): Completion | Promise<Completion> {
  const { records } = frame.run
  return attempt.async && records?.attempt !== undefined ? records.attempt(async () => attempt.run(frame)) : attempt.run(frame)
}

async function runAsync(frame: Frame, { attempt, handler, last }: Parts): Promise<Completion> {
  const outer = frame.error
  let completion: Completion
  try {
    try {
      completion = await attempted(frame, attempt)
    } catch (error) {
      frame.error = caught(error, handler)
      completion = handler ? await handler.run(frame) : undefined
    }
  } finally {
    const returned = frame.returned
    const over = await last.run(frame)
    if (over === undefined) frame.returned = returned
    else completion = over
    frame.error = outer
  }
  return completion
}

export const errorStatements = [tryCatch]
