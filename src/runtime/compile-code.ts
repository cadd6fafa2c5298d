/** Filters that run JavaScript, to closures. */
import type { Value } from '../lib/value.js'
import { blame } from './blame.js'
import { type Compiled, fresh } from './compiled.js'
import { toDecimal, toText } from './convert.js'
import type { CodeFilter } from './define.js'
import type { ExpressionCompiler } from './expression.js'
import type { Frame } from './frame.js'
import { type CodeCall, compileVariables, defaultTimeout, runJavaScript } from './javascript.js'
import { awaited } from './waiting.js'

/** `args`: the compiled arguments of the filter by name: `code`, `timeout`, `initial`. */
export function compileCode(c: ExpressionCompiler, spec: CodeFilter, args: ReadonlyMap<string, Compiled>, input: Compiled): Compiled {
  const [code, timeout, initial] = ['code', 'timeout', 'initial'].map((name) => args.get(name))
  const known = code?.constant
  const read = compileVariables(c.scope, typeof known === 'string' ? known : null)
  const run = async (frame: Frame, call: CodeCall & { value: Value }): Promise<Value> => {
    try {
      return await runJavaScript(frame, read, call)
    } catch (error) {
      throw blame(error, call.value)
    }
  }
  const site = {}
  return fresh((frame) => {
    const call = {
      code: toText(code?.evaluate(frame) ?? null),
      driver: spec.driver,
      timeout: toDecimal(timeout?.evaluate(frame) ?? defaultTimeout),
      value: input.evaluate(frame),
      initial: initial?.evaluate(frame) ?? null,
    }
    spec.accept?.(call.value)
    return awaited(frame, site, () => run(frame, call))
  })
}
