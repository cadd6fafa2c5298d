/** How statements and filters describe themselves. Shared code asks these objects and never names a feature. */
import type { AppError } from '../errors.js'
import type { InputReader } from '../fields/inputs.js'
import type { Attribute, Definition, Expr, Statement } from '../lang/tree.js'
import type { Sql } from '../lib/sql.js'
import type { Value } from '../lib/value.js'
import type { Clock, Random, RecordsCompiler } from './capabilities.js'
import type { Completion, Evaluate, Frame } from './frame.js'
import type { ReadVariables } from './javascript.js'
import type { SelectorCompiler } from './path.js'

/**
 * `value`: evaluated before the statement runs. `lazy`: arrives as a function of `$this`, `$index` … (see Lambda).
 * `tree`: arrives unevaluated, as a `where` that becomes SQL. `name`: a constant resolved when compiling.
 */
export type ArgumentKind = 'value' | 'lazy' | 'tree' | 'name'

export interface ArgumentSpec {
  /** Documented type, for example `text`, `any[]`, `enum standard|notfound`. */
  type: string
  summary: string
  /** `value` when absent. */
  kind?: ArgumentKind
  required?: boolean
  default?: Value
  /** Older spellings, accepted. */
  aliases?: string[]
  /** May be written several times; arrives as a list. */
  repeat?: boolean
}

/** What stands between the statement's name and its block. `variable` is a place that can be assigned; `subject` is `$x` or `(expr)`; `condition` is true or false. */
export interface HeadSpec {
  kind: 'name' | 'variable' | 'value' | 'subject' | 'condition'
  summary: string
  required?: boolean
}

export interface BlockSpec {
  summary: string
  required?: boolean
  repeat?: boolean
  /** `each as $item`. */
  as?: 'required' | 'optional'
  /** `if (…)`, `case (…)`: a condition, or a value to compare. */
  head?: 'condition' | 'value'
  /** `break` may stand inside; in a loop `continue` too. */
  leaves?: 'loop' | 'switch'
  /** `$error` is bound inside. */
  caught?: true
}

/** The compiled statement; its colour is known when compiling. */
export type Action =
  | { readonly async: false; readonly run: (frame: Frame) => Completion }
  | { readonly async: true; readonly run: (frame: Frame) => Promise<Completion> }

export interface StatementSpec {
  name: string
  aliases?: string[]
  /** Family as in the reference: `control`, `database`, `array` … */
  group: string
  summary: string
  head?: HeadSpec
  /** Accepts `if (condition)` after the head, with `$this` and `$index` bound. */
  condition?: 'required' | 'optional'
  args?: Record<string, ArgumentSpec>
  blocks?: Record<string, BlockSpec>
  /** Without blocks it judges the error of the tested stack. */
  judgesError?: true
  /** What `as` stores; absent = nothing. */
  result?: string
  examples: string[]
  compile(step: Step): Action
}

/** Evaluates with element bindings: `$this`/`$$`, `$index`, `$parent`, `$result`. */
export type Lambda = (frame: Frame, item: Value, index: Value, parent: Value, result?: Value) => Value

/** A variable or a path in one that a statement changes. */
export interface Place {
  /** The value itself, not to be kept: see ownership.ts. Throws `Missing var entry` for an undeclared variable. */
  read(frame: Frame): Value
  write(frame: Frame, value: Value): void
  /** The list or object at the place, safe to change in place: copied first when it might be shared. Null stays null. */
  edit(frame: Frame): Value
  /** For messages: `$order.status`. */
  readonly label: string
  /** Slot of its variable. */
  readonly slot: number
}

/** A block with what stands before it. */
export interface CompiledBlock {
  body: Body
  head: Evaluate | null
  test: ((frame: Frame) => boolean) | null
  /** To be awaited before `head` or `test`, unless it is null. */
  prepare: Preparation | null
  store: ((frame: Frame, value: Value) => void) | null
  breaks: boolean
}

/** The statements of a block, compiled. */
export type Body = Action & { readonly empty: boolean }

/** Awaits what an expression with JavaScript needs; the expression can be evaluated once right after. */
export type Preparation = (frame: Frame) => Promise<void>

/** A function, tool, … that a statement calls by name. Compiled on first use. */
export interface Callable {
  readonly document: string
  /** Validates the inputs, runs, and returns the response. */
  call(frame: Frame, input: Map<string, Value>): Promise<Value>
}

/** An endpoint that a workflow test calls. */
export interface Endpoint extends Callable {
  /** Auth-enabled table whose tokens open it; null when it is public. */
  readonly auth: string | null
}

/** What the workspace offers while compiling. */
export interface Workspace {
  readonly records: RecordsCompiler
  /** Throws AppError when nothing has that name, with a did-you-mean. */
  callable(kind: string, name: string): Callable
  /** Names of columns whose values no error may tell. */
  readonly sensitiveColumns?: ReadonlySet<string>
  /** An endpoint by API group, verb and path as written; throws AppError when there is none. Absent where endpoints cannot be called. */
  endpoint?(group: string, verb: string, path: string): Endpoint
  /** A stored definition and the reader of its inputs. Throws AppError when nothing has that name, with a did-you-mean. */
  document(kind: string, name: string): { definition: Definition; inputs: InputReader }
  /** True when a table has auth enabled; throws AppError for an unknown table. */
  isAuthTable(name: string): boolean
}

/** What a statement's `compile` sees of itself and of the program around it. */
export interface Step {
  readonly statement: Statement
  readonly workspace: Workspace
  /** Whether the builder wrote this argument. */
  has(arg: string): boolean
  /** Compiled argument; its default, else null, when absent. */
  value(arg: string): Evaluate
  /** The argument as a literal known when compiling; `undefined` when absent; a compile error when it is not constant. */
  constant(arg: string): Value | undefined
  lazy(arg: string): Lambda
  tree(arg: string): Expr | undefined
  /** All arguments as trees under their canonical names; repeated ones as list literals. */
  trees(): Map<string, Expr>
  /** `if (condition)`. */
  condition(): Lambda
  /** Head of kind `value` or `subject`. */
  head(): Evaluate
  /** Head of kind `condition`. */
  test(): (frame: Frame) => boolean
  /** The same for a head that is evaluated again and again: `prepare` must be awaited before every time, unless it is null. */
  repeatedTest(): { test: (frame: Frame) => boolean; prepare: Preparation | null }
  /** Whether something stands at the path in the head: for `expect.to_be_defined`. */
  headExists(): (frame: Frame) => boolean
  /** The head as a range `(a..b)`, its bounds as values; null when it is something else. */
  headRange(): { from: Evaluate; to: Evaluate } | null
  /** Head of kind `name`. */
  headName(): string
  /** Head of kind `variable`. */
  place(): Place
  /** The head as a place when it is a variable or a path in one, else null. */
  subjectPlace(): Place | null
  /**
   * The argument that will be stored into the head's variable: like `value`, but `$x|push:1` into `$x` itself may change the list in place
   * when nobody else sees it.
   */
  update(arg: string): Evaluate
  /** A slot of the frame that no program can name. */
  hiddenSlot(): number
  /** For the bodies compiled from here on: what removes the element of this loop. */
  onRemove(remove: (frame: Frame) => void): void
  /** Removes the element of the innermost loop that offers it; null outside one. */
  remover(): ((frame: Frame) => void) | null
  /** Whether `break` or `continue` may stand here. */
  mayLeave(how: 'break' | 'continue'): boolean
  /** Refuses a save, but stops a stored program only when it is reached: the returned function throws. */
  later(error: AppError): () => never
  /** Tells the builder, when saving. */
  warn(message: string, hint?: string): void
  /** All blocks of that name, in order. */
  bodies(block: string): CompiledBlock[]
  body(block: string): Body
  /** Stores the statement's result under `as`; does nothing when there is no `as`. */
  store(frame: Frame, value: Value): void
  /** Whether there is an `as`. */
  readonly stores: boolean
  /** Collects the variables that code names; null for code not known when compiling. */
  variablesFor(code: string | null): ReadVariables
  /** Names and slots of every variable of the program, for `util.get_vars`. */
  variables(): ReadonlyMap<string, number>
  compileValue(expr: Expr): Evaluate
  /** The same in which `$name` is a value given at every evaluation. */
  compileBound(expr: Expr, name: string): (frame: Frame, value: Value) => Value
  /** The head, as a loop that goes over its values one by one reads it: it may be a {@link ValueStream}. */
  iterated(): Evaluate
  /** Whether a run may leave the result as a {@link ValueStream}; asked when the statement runs. */
  onlyIterated(): () => boolean
  /** Whether a run may leave the result as RawJson; asked when the statement runs. */
  passesThrough(): (frame: Frame) => boolean
  /** The only statement of another document's stack, to be run as part of this one. Throws AppError when there is no such document. */
  inline(kind: string, name: string): InlinedStep
  compileAttributes(attributes: Attribute[]): Evaluate
  /** A compile error at this statement. */
  fail(message: string, hint?: string): never
}

/** A statement of another document. */
export interface InlinedStep {
  readonly step: Step
  /** A frame of that document for one set of inputs. Throws `inputError` for inputs that do not fit. */
  enter(frame: Frame, input: ReadonlyMap<string, Value>): Frame
}

/** Arguments of a plain statement, evaluated: canonical name → value (default, else null). */
export type Arguments = Record<string, Value>

/** A statement whose arguments are all values and which never waits. `run` returns the result for `as`. */
export function defineStatement(spec: Omit<StatementSpec, 'compile'> & { run: (args: Arguments, frame: Frame, head: Value) => Value }): StatementSpec {
  return {
    ...spec,
    compile(step) {
      const read = readArguments(spec, step)
      const head = spec.head && spec.head.kind !== 'name' && spec.head.kind !== 'variable' && spec.head.kind !== 'condition' ? step.head() : () => null
      return { async: false, run: (frame) => void step.store(frame, spec.run(read(frame), frame, head(frame))) }
    },
  }
}

/** The same for a statement that waits. */
export function defineAsyncStatement(
  spec: Omit<StatementSpec, 'compile'> & { run: (args: Arguments, frame: Frame, head: Value) => Promise<Value> },
): StatementSpec {
  return {
    ...spec,
    compile(step) {
      const read = readArguments(spec, step)
      const head = spec.head && spec.head.kind !== 'name' && spec.head.kind !== 'variable' && spec.head.kind !== 'condition' ? step.head() : () => null
      return { async: true, run: async (frame) => void step.store(frame, await spec.run(read(frame), frame, head(frame))) }
    },
  }
}

function readArguments(spec: { args?: Record<string, ArgumentSpec> }, step: Step): (frame: Frame) => Arguments {
  const readers = Object.keys(spec.args ?? {}).map((name) => [name, step.value(name)] as const)
  const [first] = readers
  if (first && readers.length === 1) {
    const [name, read] = first
    return (frame) => ({ [name]: read(frame) })
  }
  return (frame) => {
    const out: Arguments = {}
    for (const [name, read] of readers) out[name] = read(frame)
    return out
  }
}

/** What a filter may use besides its arguments. */
export interface FilterContext {
  readonly clock: Clock
  readonly random: Random
  /** Spends steps of the budget: call with the number of elements about to be produced or visited when it is not small. */
  spend(steps: number): void
  /** For paths with selectors (`items[$$.id > 1]`): hand it to the functions of runtime/path.ts. */
  readonly compileSelector: SelectorCompiler
  /** Keys that only this instance has, the current one first; at least one. */
  readonly instanceKeys: readonly Uint8Array[]
}

export interface FilterArgumentSpec {
  name: string
  type: string
  summary?: string
  required?: boolean
  default?: Value
  /**
   * `lambda`: arrives as the element function `fn` of an ElementFilter, wherever it stands; `args` holds the other arguments.
   * One per filter. `name`: the new variable of a filter with `binds`.
   */
  kind?: 'value' | 'lambda' | 'name'
  /** A lambda whose `$$` stays that of the enclosing lambda when there is one (the value of `set`). */
  outer?: true
  /** Takes all remaining arguments. */
  rest?: boolean
}

/** Element function of a higher-order filter, already bound to its frame. */
export type ElementFunction = (item: Value, index: Value, parent: Value, result?: Value) => Value

/** A source expression and the literal it must equal: run as a test, printed in the docs. */
export type FilterCase = readonly [source: string, result: string]

interface FilterBase {
  name: string
  aliases?: string[]
  group: string
  summary: string
  /** Documented input and result types. */
  input: string
  returns: string
  args?: FilterArgumentSpec[]
  /** The result never shares structure with the input (scalars, fresh text): lets the engine skip a copy. */
  scalar?: true
  /** A missing variable or path on the left reads as null instead of an error. */
  nullSafe?: true
  /** Stores its input in the variable that its `name` argument names and passes it on. */
  binds?: true
  cases: FilterCase[]
  /** The query face: SQL over SQL. */
  sql?: SqlFace
}

/** Pure and synchronous; never changes its input. Omitted trailing arguments are absent from `args` unless they have a default. */
export interface ValueFilter extends FilterBase {
  apply(input: Value, args: readonly Value[], context: FilterContext): Value
  /**
   * The same, but `input` belongs to nobody else: it may be changed in place and returned. Checks its arguments before the first change.
   * Makes `var $list { value = $list|push:$x }` cheap.
   */
  applyOwned?(input: Value, args: readonly Value[], context: FilterContext): Value
}
/** One of its arguments is an unevaluated expression. */
export interface ElementFilter extends FilterBase {
  each(input: Value, fn: ElementFunction, args: readonly Value[], context: FilterContext): Value
  /** The filter that runs an expression which is JavaScript in a text (`return …`), an older form. */
  codeForm?: string
  /** See {@link ValueFilter.applyOwned}. */
  eachOwned?(input: Value, fn: ElementFunction, args: readonly Value[], context: FilterContext): Value
}
/**
 * Runs JavaScript: the statement that holds it waits. Its arguments are `code`, `timeout` in seconds and perhaps `initial`, by these names.
 * See {@link JavaScriptRequest} for the driver.
 */
export interface CodeFilter extends FilterBase {
  driver: string
  /** Asked before the code runs; throws for an input it cannot work on. */
  accept?(input: Value): void
}
/** Its input is the text of an expression, evaluated with the variables of the program. */
export interface ExpressionFilter extends FilterBase {
  evaluates: true
}
/** A filter that exists only in queries. */
export interface QueryFilter extends FilterBase {
  sql: SqlFace
}
export type FilterSpec = ValueFilter | ElementFilter | CodeFilter | ExpressionFilter | QueryFilter

/** Distances that indexes over vectors order by. */
export type VectorMetric = 'cosine' | 'l1' | 'l2' | 'negative_inner_product'

/** How a query is written so that it finds an index of an extension. */
export interface IndexTerm {
  /** The distance to a vector (SQL of a `real[]`); undefined when the index orders by another one. */
  distance(metric: VectorMetric, vector: Sql): Sql | undefined
  /** True for every place that may be so near to another (SQL of jsonb), or touch it; undefined for a column without such an index. */
  nearby(place: Sql, metres?: Sql): Sql | undefined
}

/** A typed piece of SQL inside a query expression. `P` is what fills a parameter. */
export interface SqlTerm {
  sql: Sql
  /** Type of the reference (`int`, `text`, `timestamp`, `json`, `vector` …); `unknown` for a bound value. */
  type: string
  list?: boolean
  /** How messages call it. */
  label?: string
  /** Language of the search index over the column, when it has one. */
  language?: string
  /** What a search index over this column alone holds (SQL of a `tsvector`). */
  document?: Sql
  /** Holds in every row where the number is above 0, and can be found by an index. */
  positive?: Sql
  /** What an index over the column can do, when it has one that needs an extension. */
  index?: IndexTerm
  /** Present for a value of the program: the value bound as a type of the reference, an input error when it does not fit. */
  bind?(type: string, list?: boolean): Sql
}
export type SqlFace = (input: SqlTerm, args: readonly SqlTerm[]) => SqlTerm

export const defineFilter = <F extends FilterSpec>(spec: F): F => spec
