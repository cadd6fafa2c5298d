/** Blocks of statements to one function each: synchronous when every statement in it is. */
import { AppError, fatal, type ProgramPosition } from '../errors.js'
import type { Value } from '../lib/value.js'
import type { Action, Body } from './define.js'
import type { Completion, Frame } from './frame.js'
import { release } from './ownership.js'
import type { Trace, TraceEntry } from './trace.js'

/** A compiled statement with what errors and traces say of it. */
export interface CompiledStep {
  readonly action: Action
  readonly position: ProgramPosition & { statement: string }
  /** Slot of the variable the statement writes, for traces. */
  readonly writes: number | null
}

const nothing: Body = { async: false, empty: true, run: () => undefined }

/** One function for the whole block. */
export function buildBody(steps: readonly CompiledStep[]): Body {
  if (steps.length === 0) return nothing
  const sync = steps.flatMap(({ action }) => (action.async ? [] : [action.run]))
  return sync.length === steps.length ? { async: false, empty: false, run: syncBody(steps, sync) } : { async: true, empty: false, run: asyncBody(steps) }
}

function syncBody(steps: readonly CompiledStep[], runs: readonly ((frame: Frame) => Completion)[]): (frame: Frame) => Completion {
  const count = runs.length
  const [only] = runs
  if (count === 1 && only) {
    return (frame) => {
      const { run } = frame
      if (run.trace !== null) return tracedSync(steps, frame, run.trace)
      try {
        run.budget.spend(1)
        return only(frame)
      } catch (error) {
        throw locate(error, steps[0])
      }
    }
  }
  return (frame) => {
    const { run } = frame
    if (run.trace !== null) return tracedSync(steps, frame, run.trace)
    const { budget } = run
    let i = 0
    try {
      for (; i < count; i++) {
        budget.spend(1)
        const completion = (runs[i] as (frame: Frame) => Completion)(frame)
        if (completion !== undefined) return completion
      }
    } catch (error) {
      throw locate(error, steps[i])
    }
    return undefined
  }
}

function asyncBody(steps: readonly CompiledStep[]): (frame: Frame) => Promise<Completion> {
  return async (frame) => {
    const { run } = frame
    if (run.trace !== null) return tracedAsync(steps, frame, run.trace)
    let i = 0
    try {
      for (; i < steps.length; i++) {
        run.budget.spend(1)
        const { action } = steps[i] as CompiledStep
        const completion = action.async ? await action.run(frame) : action.run(frame)
        if (completion !== undefined) return completion
      }
    } catch (error) {
      throw locate(error, steps[i])
    }
    return undefined
  }
}

// Traces

function tracedSync(steps: readonly CompiledStep[], frame: Frame, trace: Trace): Completion {
  for (const step of steps) {
    const outer = trace.current ?? null
    const entry = begin(step, frame, trace)
    try {
      frame.run.budget.spend(1)
      const completion = (step.action.run as (frame: Frame) => Completion)(frame)
      finish(entry, step, frame, trace)
      if (completion !== undefined) return completion
    } catch (error) {
      throw fail(entry, locate(error, step), frame)
    } finally {
      trace.current = outer
    }
  }
  return undefined
}

async function tracedAsync(steps: readonly CompiledStep[], frame: Frame, trace: Trace): Promise<Completion> {
  for (const step of steps) {
    const outer = trace.current ?? null
    const entry = begin(step, frame, trace)
    try {
      frame.run.budget.spend(1)
      const completion = step.action.async ? await step.action.run(frame) : step.action.run(frame)
      finish(entry, step, frame, trace)
      if (completion !== undefined) return completion
    } catch (error) {
      throw fail(entry, locate(error, step), frame)
    } finally {
      trace.current = outer
    }
  }
  return undefined
}

const elapsed = (frame: Frame): number => performance.now() - frame.run.budget.startedAt

function begin({ position }: CompiledStep, frame: Frame, trace: Trace): TraceEntry | null {
  if (trace.entries.length >= trace.limit) {
    trace.dropped++
    trace.current = null
    return null
  }
  const entry: TraceEntry = { statement: position.statement, line: position.line ?? null, document: position.document, start: elapsed(frame), duration: 0 }
  trace.entries.push(entry)
  trace.current = entry
  return entry
}

function finish(entry: TraceEntry | null, { writes }: CompiledStep, frame: Frame, { withoutValues }: Trace): void {
  if (entry === null) return
  entry.duration = elapsed(frame) - entry.start
  if (writes === null || withoutValues === true) return
  const value: Value | undefined = frame.slots[writes]
  if (value === undefined) return
  release(frame, writes)
  entry.result = value
}

function fail(entry: TraceEntry | null, error: AppError, frame: Frame): AppError {
  if (entry !== null) {
    entry.duration = elapsed(frame) - entry.start
    entry.error = error.message
  }
  return error
}

// Errors

/** The error with the position of the innermost statement that saw it. Whatever is no AppError becomes one. */
export function locate(error: unknown, step: { position: ProgramPosition } | undefined): AppError {
  const known = error instanceof AppError ? error : wrap(error)
  known.position ??= step?.position
  return known
}

function wrap(error: unknown): AppError {
  if (error instanceof RangeError) {
    if (/call stack/i.test(error.message)) return fatal('An expression or a value is nested too deeply.', { cause: error })
    return fatal('A value became too large.', { cause: error, detail: error.message })
  }
  return new AppError('fatal', undefined, { cause: error, detail: error instanceof Error ? error.message : String(error) })
}
