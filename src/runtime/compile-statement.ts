/** Statement trees to actions: checks what the builder wrote against the spec, then lets the spec compile itself. */
import { AppError, fatal } from '../errors.js'
import type { Attribute, Block, Expr, Statement } from '../lang/tree.js'
import { unmarked, type Value } from '../lib/value.js'
import { buildBody, type CompiledStep } from './compile-block.js'
import { compileSelfUpdate } from './compile-filter.js'
import { compilePlace, declare, isReadOnly, plainVariable } from './compile-place.js'
import { constant } from './compiled.js'
import type { Action, Body, CompiledBlock, InlinedStep, Lambda, Place, StatementSpec, Step, Workspace } from './define.js'
import { compileBorrow, compileEscape } from './expression.js'
import type { Evaluate, Frame } from './frame.js'
import { compileVariables, type ReadVariables } from './javascript.js'
import { getMember, nameSegment } from './path.js'
import { suggestionHint } from './problem.js'
import { isReservedStatement } from './reserved.js'
import { type Lexical, type RemoveElement, Scope, topLevel } from './scope.js'
import { isDisabled, report, type StatementCompiler } from './statement.js'
import { StatementArguments } from './statement-arguments.js'
import { article, checkStatement } from './statement-check.js'
import { withMock } from './statement-mock.js'
import { compileResult, enlist, type StatementResult } from './statement-result.js'
import { StatementWaits } from './statement-waits.js'
import { waits } from './waiting.js'

/** The statements of a block as one body. */
export function compileStatements(c: StatementCompiler, statements: readonly Statement[], at: Lexical): Body {
  const steps: CompiledStep[] = []
  for (const statement of statements) {
    if (isDisabled(statement)) continue
    const step = compileStatement(c, statement, at)
    if (step) steps.push(step)
  }
  return buildBody(steps)
}

function compileStatement(c: StatementCompiler, statement: Statement, at: Lexical): CompiledStep | null {
  const known = c.registry.findStatement(statement.name)
  const spec = known ?? mockedSpec(statement)
  if (!spec) {
    reportUnknown(c, statement)
    return null
  }
  try {
    const step = new StatementStep(c, statement, spec, at)
    if (known) step.check()
    const action = withMock(c, step, step.waiting(spec.compile(step)), at)
    return {
      action,
      position: { document: c.document, ...(statement.line === undefined ? {} : { line: statement.line }), statement: statement.name },
      writes: step.writes,
    }
  } catch (error) {
    if (!c.sink.collects || !(error instanceof StepFailure)) throw error
    return null
  }
}

/** Thrown after a problem was collected that leaves nothing to compile. */
class StepFailure extends Error {}

/** What does not run yet, with answers for tests: they can run, and everything else is told when it is reached. */
function mockedSpec({ name, args }: Statement): StatementSpec | null {
  if (!isReservedStatement(name) || !args.some((arg) => arg.name === 'mock')) return null
  const compile = (step: Step): Action => {
    const fail = step.later(new AppError('unsupported', `not supported yet: ${name}`))
    return { async: true, run: async () => fail() }
  }
  return { name, group: '', summary: '', result: '', examples: [], compile }
}

function reportUnknown(c: StatementCompiler, statement: Statement): void {
  // Editors write `placeholder "mvp:name"` for a statement they know no name of.
  if (isReservedStatement(statement.name) || statement.name === 'placeholder')
    report(c, statement, { message: `not supported yet: ${statement.name}`, unsupported: true })
  else report(c, statement, { message: `Unknown statement: ${statement.name}`, ...suggestionHint(statement.name, c.registry.statementNames()) })
}

class StatementStep implements Step {
  readonly statement: Statement
  readonly workspace: Workspace
  readonly stores: boolean
  /** Slot of the variable the statement writes. */
  writes: number | null = null
  private readonly c: StatementCompiler
  private readonly spec: StatementSpec
  private at: Lexical
  private readonly args: StatementArguments
  private readonly result: StatementResult | null
  private readonly waits: StatementWaits

  constructor(c: StatementCompiler, statement: Statement, spec: StatementSpec, at: Lexical) {
    this.c = c
    this.statement = statement
    this.workspace = c.workspace
    this.spec = spec
    this.at = at
    this.waits = new StatementWaits(c)
    this.args = new StatementArguments(statement, spec)
    this.stores = statement.as !== undefined
    this.result = compileResult(c, statement, at, this.waits)
    this.writes = this.result?.slot ?? null
  }

  check(): void {
    const { statement, spec, args } = this
    checkStatement({ statement, spec, args, report: (problem) => report(this.c, statement, problem) })
  }

  fail(message: string, hint?: string): never {
    report(this.c, this.statement, { message, ...(hint === undefined ? {} : { hint }) })
    throw new StepFailure(message)
  }

  later(error: AppError): () => never {
    const { message, hint, kind } = error
    if (this.c.sink.collects) report(this.c, this.statement, { message, hint, ...(kind === 'unsupported' ? { unsupported: true } : {}) })
    return () => {
      throw error
    }
  }

  warn(message: string, hint?: string): void {
    report(this.c, this.statement, { message, severity: 'warning', ...(hint === undefined ? {} : { hint }) })
  }

  // Arguments

  has(arg: string): boolean {
    return this.args.has(arg)
  }

  value(arg: string): Evaluate {
    const tree = this.tree(arg)
    return tree ? this.escape(tree) : constant(this.args.spec(arg)?.default ?? null).evaluate
  }

  constant(arg: string): Value | undefined {
    const tree = this.tree(arg)
    if (!tree) return undefined
    const compiled = this.c.node(tree, this.at)
    return compiled.constant === undefined ? this.fail(`The argument "${arg}" must be a constant.`) : unmarked(compiled.constant)
  }

  lazy(arg: string): Lambda {
    const tree = this.tree(arg)
    return tree ? this.element(tree) : (_frame, item) => item
  }

  tree(arg: string): Expr | undefined {
    return this.args.tree(arg)
  }

  trees(): Map<string, Expr> {
    return this.args.trees()
  }

  update(arg: string): Evaluate {
    const [head] = this.statement.head
    const name = plainVariable(head)
    const tree = this.tree(arg)
    const inPlace = name !== null && tree && !waits(tree, this.c.registry) ? compileSelfUpdate(this.c, tree, name, this.at) : null
    return inPlace ?? this.value(arg)
  }

  condition(): Lambda {
    const { condition } = this.statement
    return condition ? this.element(condition) : this.fail(`${this.spec.name} needs a condition: if (…)`)
  }

  // Head

  private headTree(): Expr {
    return this.statement.head[0] ?? this.fail(`${this.spec.name} needs ${article(this.spec.head?.kind ?? 'value')}.`)
  }

  head(): Evaluate {
    return this.statement.head.length === 0 && this.spec.head?.required === false ? () => null : this.escape(this.headTree())
  }

  test(): (frame: Frame) => boolean {
    const { test, prepare } = this.repeatedTest()
    if (prepare !== null) this.waits.before(prepare)
    return test
  }

  repeatedTest(): ReturnType<Step['repeatedTest']> {
    return this.waits.test(this.headTree(), this.at)
  }

  headRange(): { from: Evaluate; to: Evaluate } | null {
    const tree = this.headTree()
    if (tree.type !== 'binary' || tree.op !== '..') return null
    return { from: this.escape(tree.left), to: this.escape(tree.right) }
  }

  headExists(): (frame: Frame) => boolean {
    const tree = this.headTree()
    const at = { ...this.at, nullSafe: true }
    if (tree.type === 'variable') {
      const slot = this.c.scope.slot(tree.name)
      return (frame) => frame.slots[slot] !== undefined
    }
    if (tree.type !== 'member') return () => true
    const base = compileBorrow(this.c, tree.object, at)
    const { name, index } = nameSegment(tree.name)
    return (frame) => getMember(base(frame), name, index) !== undefined
  }

  headName(): string {
    const tree = this.headTree()
    return tree.type === 'text' || tree.type === 'word' ? tree.value : this.fail(`${this.spec.name} needs a name, not an expression.`)
  }

  place(): Place {
    const place = compilePlace(this.c, this.headTree(), this.at)
    this.writes = place.slot
    return place
  }

  subjectPlace(): Place | null {
    let root = this.headTree()
    while (root.type === 'member' || root.type === 'index') root = root.object
    if (root.type !== 'variable' || isReadOnly(root.name)) return null
    return compilePlace(this.c, this.headTree(), this.at)
  }

  // Blocks

  bodies(name: string): ReturnType<Step['bodies']> {
    const spec = this.spec.blocks?.[name]
    return this.statement.blocks
      .filter((block) => block.name === name)
      .map((block) => ({
        ...this.blockHead(block, spec?.head),
        store: this.blockStore(block),
        breaks: block.breaks === true,
        body: compileStatements(this.c, block.statements, this.inside(name)),
      }))
  }

  private blockHead({ head: tree }: Block, kind: 'condition' | 'value' | undefined): Pick<CompiledBlock, 'head' | 'test' | 'prepare'> {
    if (tree === undefined || kind === undefined) return { head: null, test: null, prepare: null }
    if (kind === 'condition') return { head: null, ...this.waits.test(tree, this.at) }
    const settled = this.waits.settled(tree, this.at)
    return { head: settled?.read ?? compileBorrow(this.c, tree, this.at), test: null, prepare: settled?.prepare ?? null }
  }

  body(name: string): Body {
    return this.bodies(name)[0]?.body ?? buildBody([])
  }

  private blockStore(block: Block): ((frame: Frame, value: Value) => void) | null {
    if (block.as === undefined) return null
    const slot = declare(this.c, block.as, block)
    return (frame, value) => {
      frame.slots[slot] = value
    }
  }

  private inside(name: string): Lexical {
    const spec = this.spec.blocks?.[name]
    return {
      ...this.at,
      ...(spec?.leaves ? { leaves: spec.leaves, loops: spec.leaves === 'loop' || this.at.loops } : {}),
      ...(spec?.caught ? { caught: true } : {}),
    }
  }

  onRemove(remove: RemoveElement): void {
    this.at = { ...this.at, remove }
  }

  remover(): RemoveElement | null {
    return this.at.remove
  }

  /** Whether `break` (`continue`) may stand here. */
  mayLeave(how: 'break' | 'continue'): boolean {
    return how === 'break' ? this.at.leaves !== null : this.at.loops
  }

  // Results

  store(frame: Frame, value: Value): void {
    this.result?.store(frame, value)
  }

  // Waiting

  private escape(tree: Expr): Evaluate {
    return this.waits.escape(tree, this.at)
  }

  private element(tree: Expr): Lambda {
    return this.waits.element(tree, this.at)
  }

  /** The action with everything that it must wait for. */
  waiting(action: Action): Action {
    return this.waits.around(action)
  }

  hiddenSlot(): number {
    return this.c.scope.hidden()
  }

  variablesFor(code: string | null): ReadVariables {
    return compileVariables(this.c.scope, code)
  }

  variables(): ReadonlyMap<string, number> {
    return this.c.scope.slots
  }

  compileValue(expr: Expr): Evaluate {
    return this.escape(expr)
  }

  compileBound(expr: Expr, name: string): (frame: Frame, value: Value) => Value {
    this.c.scope.written.add(name)
    const slot = this.c.scope.slot(name)
    const evaluate = compileEscape(this.c, expr, this.at)
    return (frame, value) => {
      const before = frame.slots[slot]
      frame.owners[slot] = null
      frame.slots[slot] = value
      try {
        return evaluate(frame)
      } finally {
        frame.slots[slot] = before
        frame.owners[slot] = null
      }
    }
  }

  iterated(): Evaluate {
    const [head] = this.statement.head
    const read = this.head()
    if (head?.type === 'variable') this.c.scope.countIteration(head.name)
    return read
  }

  onlyIterated(): () => boolean {
    const candidate = enlist(this.statement.as, this.c.scope.streams)
    return () => candidate?.allowed === true
  }

  passesThrough(): (frame: Frame) => boolean {
    const candidate = enlist(this.statement.as, this.c.scope.candidates)
    return (frame) => candidate?.allowed === true && frame.passThrough === true
  }

  inline(kind: string, name: string): InlinedStep {
    const { definition, inputs } = this.workspace.document(kind, name)
    const statements = (definition.stack ?? []).filter((statement) => !isDisabled(statement))
    const [statement] = statements
    const spec = statement === undefined ? undefined : this.c.registry.findStatement(statement.name)
    if (statement === undefined || spec === undefined || statements.length > 1)
      throw fatal(`The ${kind} "${name}" must have exactly one statement.`, { hint: 'Move other work to the stack that uses it.' })
    const declared = (definition.input ?? []).some((field) => field.type === 'dblink') ? null : new Set((definition.input ?? []).map((field) => field.name))
    const scope = new Scope()
    const inner: StatementCompiler = { ...this.c, scope, inputs: declared, document: `${kind} "${name}"` }
    const step = new StatementStep(inner, statement, spec, topLevel)
    step.check()
    return {
      step,
      enter: (frame, input) => ({
        run: frame.run,
        slots: new Array<undefined>(scope.count).fill(undefined),
        owners: new Array<null>(scope.count).fill(null),
        input: inputs(input, { now: frame.run.clock.now(), called: true }),
        depth: frame.depth,
        returned: null,
        error: null,
        context: frame.context,
      }),
    }
  }

  compileAttributes(attributes: Attribute[]): Evaluate {
    const readers = attributes.map((attribute) => [attribute.name, this.escape(attribute.value)] as const)
    return (frame) => new Map(readers.map(([name, read]) => [name, read(frame)]))
  }
}
