/** Filter calls to closures. */
import type { Expr, FilterCall } from '../lang/tree.js'
import type { Value } from '../lib/value.js'
import { blame } from './blame.js'
import { compileCode } from './compile-code.js'
import { compileLambda } from './compile-lambda.js'
import { compileTextExpression } from './compile-text-expression.js'
import { type Compiled, constant, escaping, mergeRoots, noRoots } from './compiled.js'
import type { CodeFilter, ElementFilter, ElementFunction, FilterArgumentSpec, FilterSpec, Lambda, ValueFilter } from './define.js'
import { type ExpressionCompiler, inner, mentionsElement, type Place, problem } from './expression.js'
import type { Evaluate, Frame } from './frame.js'
import { isContainer, owned } from './ownership.js'
import { suggestionHint } from './problem.js'
import { isReservedFilter } from './reserved.js'
import { isJavaScript } from './waiting.js'

/** `input|name:args`. */
export function compileFilter(c: ExpressionCompiler, expr: FilterCall, at: Place): Compiled {
  if (expr.disabled) return compileFilterInput(c, expr, at)
  const spec = c.registry.filter(expr.name)
  if (!spec) return unknownFilter(c, expr, at)
  const input = compileFilterInput(c, expr, spec.nullSafe ? { ...at, nullSafe: true } : at)
  return applyFilter(c, spec, expr, input, at)
}

/** A filter over a compiled input, as in `as $x|filter`. */
export function applyFilter(c: ExpressionCompiler, spec: FilterSpec, expr: Omit<FilterCall, 'input' | 'type'>, input: Compiled, at: Place): Compiled {
  const codeForm = 'each' in spec && spec.codeForm !== undefined && expr.args.some(isJavaScript) ? c.registry.filter(spec.codeForm) : undefined
  if (codeForm) return applyFilter(c, codeForm, expr, input, at)
  if (!checkArguments(c, spec, expr)) return constant(null)
  if (spec.binds) return compileBinding(c, expr, input)
  if ('apply' in spec) return compileValueFilter(c, spec, expr.args, input, at)
  if ('each' in spec) return compileElementFilter(c, spec, expr.args, input, at)
  if ('driver' in spec) return compileCodeFilter(c, spec, expr.args, input, at)
  if ('evaluates' in spec) return compileTextExpression(c, input)
  return problem(c, expr, `Filter "${spec.name}" works in database queries only.`)
}

const compileFilterInput = (c: ExpressionCompiler, expr: FilterCall, at: Place): Compiled => (expr.input === null ? constant(null) : c.node(expr.input, at))

function unknownFilter(c: ExpressionCompiler, expr: FilterCall, at: Place): Compiled {
  compileFilterInput(c, expr, at)
  if (isReservedFilter(expr.name)) return problem(c, expr, `not supported yet: filter ${expr.name}`, { unsupported: true })
  return problem(c, expr, `Unknown filter: ${expr.name}`, suggestionHint(expr.name, c.registry.filterNames()))
}

function checkArguments(c: ExpressionCompiler, spec: FilterSpec, expr: { name: string; args: Expr[]; at?: number }): boolean {
  const specs = spec.args ?? []
  const missing = specs.slice(expr.args.length).find((arg) => arg.required && arg.default === undefined)
  if (missing) problem(c, expr, `Filter "${expr.name}" needs the argument "${missing.name}".`)
  const most = specs.at(-1)?.rest ? Number.POSITIVE_INFINITY : specs.length
  if (expr.args.length > most) problem(c, expr, `Filter "${expr.name}" takes at most ${most} arguments; the others are ignored.`, { severity: 'warning' })
  return missing === undefined
}

/** `value|as:name`: names the value for the rest of the stack. */
function compileBinding(c: ExpressionCompiler, expr: { args: Expr[]; at?: number }, input: Compiled): Compiled {
  const [name] = expr.args
  const text = name && (name.type === 'word' || name.type === 'text' ? name.value : name.type === 'variable' ? name.name : undefined)
  if (text === undefined) return problem(c, expr, 'Expected the name of a variable.')
  c.scope.written.add(text)
  const slot = c.scope.slot(text)
  const read = escaping(input)
  return {
    evaluate(frame) {
      const value = read(frame)
      frame.slots[slot] = value
      return value
    },
    roots: [...input.roots, slot],
  }
}

/** Arguments in order; omitted ones take their default, null when only a later one has something. */
function compileArguments(c: ExpressionCompiler, specs: readonly FilterArgumentSpec[], args: readonly Expr[], at: Place): Compiled[] {
  const out = args.slice(0, specs.at(-1)?.rest ? undefined : specs.length).map((arg) => c.node(arg, inner(at)))
  let last = specs.length - 1
  while (last >= out.length && specs[last]?.default === undefined) last--
  for (let i = out.length; i <= last; i++) out.push(constant(specs[i]?.default ?? null))
  return out
}

/** The filter; its errors name the value it was given. */
const blaming =
  (spec: ValueFilter): ValueFilter['apply'] =>
  (input, args, context) => {
    try {
      return spec.apply(input, args, context)
    } catch (error) {
      throw blame(error, input)
    }
  }

function compileValueFilter(c: ExpressionCompiler, spec: ValueFilter, args: readonly Expr[], input: Compiled, at: Place): Compiled {
  const compiled = compileArguments(c, spec.args ?? [], args, at)
  const read = input.evaluate
  const apply = blaming(spec)
  const roots = spec.scalar ? noRoots : mergeRoots([input, ...compiled])
  const [first, second] = compiled.map((arg) => arg.evaluate)
  if (compiled.every((arg) => arg.constant !== undefined)) {
    const values = compiled.map((arg) => arg.constant ?? null)
    return { evaluate: (frame) => apply(read(frame), values, frame.context), roots }
  }
  if (first && !second) return { evaluate: (frame) => apply(read(frame), [first(frame)], frame.context), roots }
  if (first && second && compiled.length === 2) return { evaluate: (frame) => apply(read(frame), [first(frame), second(frame)], frame.context), roots }
  const readers = compiled.map((arg) => arg.evaluate)
  return { evaluate: (frame) => apply(read(frame), valuesOf(readers, frame), frame.context), roots }
}

function valuesOf(readers: readonly Evaluate[], frame: Frame): Value[] {
  const out: Value[] = []
  for (const read of readers) out.push(read(frame))
  return out
}

function compileCodeFilter(c: ExpressionCompiler, spec: CodeFilter, args: readonly Expr[], input: Compiled, at: Place): Compiled {
  const specs = spec.args ?? []
  const compiled = compileArguments(c, specs, args, at)
  return compileCode(c, spec, new Map(compiled.map((arg, i) => [specs[i]?.name ?? '', arg])), input)
}

function compileElementFilter(c: ExpressionCompiler, spec: ElementFilter, args: readonly Expr[], input: Compiled, at: Place): Compiled {
  const specs = spec.args ?? []
  const position = specs.findIndex((arg) => arg.kind === 'lambda')
  const expression = args[position]
  if (expression === undefined) return problem(c, {}, `Filter "${spec.name}" needs an expression.`)
  const others = compileArguments(
    c,
    specs.filter((_, i) => i !== position),
    args.filter((_, i) => i !== position),
    at,
  )
  const readers = others.map((arg) => arg.evaluate)
  const read = input.evaluate
  const element = compileElement(c, expression, specs[position], input, at)
  const roots = spec.scalar ? noRoots : mergeRoots([input, element, ...others])
  return {
    evaluate(frame) {
      const value = read(frame)
      try {
        return spec.each(value, element.bind(frame), valuesOf(readers, frame), frame.context)
      } catch (error) {
        throw blame(error, value)
      }
    },
    roots,
  }
}

/** The element function of a call; an expression that names no element is a plain value, evaluated once. */
function compileElement(
  c: ExpressionCompiler,
  expr: Expr,
  spec: FilterArgumentSpec | undefined,
  input: Compiled,
  at: Place,
): { bind: (frame: Frame) => ElementFunction; roots: readonly number[] } {
  if (spec?.outer && (at.lambda !== null || !mentionsElement(expr, c.registry))) {
    const { evaluate, roots } = c.node(expr, inner(at))
    return {
      bind(frame) {
        const value = evaluate(frame)
        return () => value
      },
      roots,
    }
  }
  const lambda: Lambda & { roots: readonly number[] } = compileLambda(c, expr, at, input.roots)
  return { bind: (frame) => (item, index, parent, result) => lambda(frame, item, index, parent, result), roots: lambda.roots }
}

/**
 * `$name|filter:…` that is stored into `$name` again: the filter may change the list or object in place when the variable owns it.
 * Null when the expression has another shape or the filter cannot.
 */
export function compileSelfUpdate(c: ExpressionCompiler, expr: Expr, name: string, at: Place): Evaluate | null {
  if (expr.type !== 'filter' || expr.disabled || expr.input?.type !== 'variable' || expr.input.name !== name) return null
  const spec = c.registry.filter(expr.name)
  if (!spec || !changesInPlace(spec) || !checkArguments(c, spec, expr)) return null
  const plain = escaping(compileFilter(c, expr, at))
  const prepare = 'apply' in spec ? ownedApply(c, spec, expr.args, at) : ownedEach(c, spec, expr.args, at)
  const slot = c.scope.slot(name)
  return (frame) => {
    if (prepare === null || !isContainer(frame.slots[slot])) return plain(frame)
    const apply = prepare(frame)
    const value = frame.slots[slot]
    if (!isContainer(value)) return plain(frame)
    const own = owned(value, frame, slot)
    frame.slots[slot] = own
    return apply(own)
  }
}

const changesInPlace = (spec: FilterSpec): spec is ValueFilter | ElementFilter =>
  ('apply' in spec && spec.applyOwned !== undefined) || ('each' in spec && spec.eachOwned !== undefined)

/** Evaluates the arguments first, then gives what changes the container: an argument may read the variable itself. */
type Prepare = (frame: Frame) => (own: Value) => Value

function ownedApply(c: ExpressionCompiler, spec: ValueFilter, args: readonly Expr[], at: Place): Prepare {
  const readers = compileArguments(c, spec.args ?? [], args, at).map(escaping)
  return (frame) => {
    const values = valuesOf(readers, frame)
    return (own) => spec.applyOwned?.(own, values, frame.context) ?? null
  }
}

function ownedEach(c: ExpressionCompiler, spec: ElementFilter, args: readonly Expr[], at: Place): Prepare | null {
  const specs = spec.args ?? []
  const position = specs.findIndex((arg) => arg.kind === 'lambda')
  const expression = args[position]
  // An element expression would look into the container while it changes: only a plain value is safe.
  if (expression === undefined || !specs[position]?.outer || (at.lambda === null && mentionsElement(expression, c.registry))) return null
  const read = escaping(c.node(expression, inner(at)))
  const others = compileArguments(
    c,
    specs.filter((_, i) => i !== position),
    args.filter((_, i) => i !== position),
    at,
  ).map(escaping)
  return (frame) => {
    const values = valuesOf(others, frame)
    const value = read(frame)
    return (own) => spec.eachOwned?.(own, () => value, values, frame.context) ?? null
  }
}
